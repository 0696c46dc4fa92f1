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
