import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../../../src/config/load.ts";
import { refusal } from "./support.ts";

const BACKENDS = { app: { servers: ["http://127.0.0.1:1"] } };

/** A config with an admin listener, and a frontend at `bind`. */
function config(admin: Record<string, unknown> | undefined, bind: string): Record<string, unknown> {
  return { ...(admin && { admin }), frontends: [{ bind, default_backend: "app" }], backends: BACKENDS };
}

test("the admin listener is at 127.0.0.1:9090 where its section does not say", () => {
  assert.deepEqual(validateConfig(config({}, ":80")).admin?.bind, {
    kind: "tcp",
    host: "127.0.0.1",
    port: 9090,
    text: "127.0.0.1:9090",
  });
  assert.equal(validateConfig(config(undefined, ":80")).admin, undefined);
});

test("a frontend cannot have the address of the admin listener, be it the default", () => {
  for (const admin of [{}, { bind: "127.0.0.1:9090" }]) {
    const [line, ...rest] = refusal(() => validateConfig(config(admin, "127.0.0.1:9090")));
    assert.match(line!, /127\.0\.0\.1:9090/);
    assert.deepEqual(rest, []);
  }
  assert.deepEqual(refusal(() => validateConfig(config({}, "127.0.0.1:9091"))), []);
  assert.deepEqual(refusal(() => validateConfig(config(undefined, "127.0.0.1:9090"))), []);
});

test("an admin listener that others can reach needs a token", () => {
  const place = (admin: Record<string, unknown>) => refusal(() => validateConfig(config(admin, ":80")));
  for (const bind of [":9090", "0.0.0.0:9090", "10.0.0.5:9090", "[::]:9090", "ops.example:9090"]) {
    const [line, ...rest] = place({ bind });
    assert.match(line!, /^config: admin\.bind: is ".*"; accepted: an address of this machine/);
    assert.deepEqual(rest, []);
    assert.deepEqual(place({ bind, token: "0123456789abcdef" }), []);
  }
  for (const bind of ["127.1.2.3:9090", "[::1]:9090", "localhost:9090", "unix:/run/x.sock"]) {
    assert.deepEqual(place({ bind }), []);
  }
});

test("a token is long enough, is there once, and is never repeated in a message", () => {
  const place = (admin: Record<string, unknown>) => refusal(() => validateConfig(config(admin, ":80")));
  for (const token of ["short", "0123456789 abcdef", "a".repeat(513), "0123456789abcdeé"]) {
    assert.deepEqual(place({ token }), [
      "config: admin.token: is no token; accepted: 16 to 512 visible ASCII characters without spaces",
    ]);
  }
  const [twice] = place({ token: "0123456789abcdef", token_file: "/dev/null" });
  assert.match(twice!, /^config: admin\.token_file: /);
  const [missing] = place({ token_file: "/nowhere/token" });
  assert.match(
    missing!,
    /^config: admin\.token_file: is "\/nowhere\/token", which cannot be used \(ENOENT\)/,
  );
  const { admin } = validateConfig(
    config({ token: "0123456789abcdef", allowed_hosts: ["Ops.Example."] }, ":80"),
  );
  assert.deepEqual([admin?.token, admin?.allowedHosts], ["0123456789abcdef", ["ops.example"]]);
});
