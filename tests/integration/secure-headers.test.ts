// Fields that tell browsers what not to do: on every answer, and who wins where the server has said something itself.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { secureHeaders } from "hono/secure-headers";
import { Hono } from "hono";
import { get, ok, openScene } from "./scene.ts";

const CLOSE = "Connection: close";

async function fieldsOf(
  t: TestContext,
  { frontend, answer = ok("x"), lines = [] }: {
    frontend: Record<string, unknown>;
    answer?: string;
    lines?: string[];
  },
): Promise<Map<string, string[]>> {
  const { client } = await openScene(t, { answer, frontend });
  const c = await client();
  c.send(get("/", ...lines, CLOSE));
  const fields = new Map<string, string[]>();
  for (const line of (await c.untilClosed()).split("\r\n\r\n")[0]!.split("\r\n").slice(1)) {
    const name = line.slice(0, line.indexOf(":")).toLowerCase();
    fields.set(name, [...fields.get(name) ?? [], line.slice(line.indexOf(":") + 2)]);
  }
  return fields;
}

/** Behind it a client may have asked by https. */
const BEHIND_TLS = { trusted_proxies: ["127.0.0.1"] };
const HTTPS = "X-Forwarded-Proto: https";

test("secure_headers sets on https what Hono's middleware sets", async (t) => {
  const app = new Hono().use(secureHeaders()).get("/", (c) => c.body(null));
  const usual = [...(await app.request("/")).headers];
  assert.ok(usual.length > 8);
  const fields = await fieldsOf(t, { frontend: { ...BEHIND_TLS, secure_headers: true }, lines: [HTTPS] });
  for (const [name, value] of usual) assert.deepEqual(fields.get(name), [value], name);
});

test("secure_headers leaves Strict-Transport-Security out on http, a server's as well", async (t) => {
  const answer = ok("x", "Strict-Transport-Security: max-age=1");
  const fields = await fieldsOf(t, { frontend: { secure_headers: true }, answer });
  assert.equal(fields.get("strict-transport-security"), undefined);
  assert.deepEqual(fields.get("x-content-type-options"), ["nosniff"]);
});

test("secure_headers leaves a server's Strict-Transport-Security alone where it has none itself", async (t) => {
  const frontend = { secure_headers: { strict_transport_security: false } };
  const fields = await fieldsOf(t, { frontend, answer: ok("x", "Strict-Transport-Security: max-age=1") });
  assert.deepEqual(fields.get("strict-transport-security"), ["max-age=1"]);
});

test("secure_headers has a text in place of a field, and leaves one out", async (t) => {
  const secure_headers = {
    x_frame_options: "DENY",
    referrer_policy: false,
    cross_origin_embedder_policy: true,
    content_security_policy: "default-src 'self'",
  };
  const fields = await fieldsOf(t, { frontend: { secure_headers } });
  assert.deepEqual(fields.get("x-frame-options"), ["DENY"]);
  assert.equal(fields.get("referrer-policy"), undefined);
  assert.deepEqual(fields.get("cross-origin-embedder-policy"), ["require-corp"]);
  assert.deepEqual(fields.get("content-security-policy"), ["default-src 'self'"]);
});

const SPEAKING = ok("x", "X-Frame-Options: DENY", "X-Powered-By: PHP", "Server: s", "x-frame-options: ALLOW");

test("secure_headers puts its fields in place of the server's, and takes X-Powered-By out", async (t) => {
  const fields = await fieldsOf(t, { frontend: { secure_headers: true }, answer: SPEAKING });
  assert.deepEqual(fields.get("x-frame-options"), ["SAMEORIGIN"]);
  assert.equal(fields.get("x-powered-by"), undefined);
  assert.deepEqual(fields.get("server"), ["s"]);
});

test("secure_headers lets the server win where overwrite is false, and takes Server out where it is asked to", async (t) => {
  const secure_headers = { overwrite: false, remove_powered_by: false, remove_server: true };
  const fields = await fieldsOf(t, { frontend: { secure_headers }, answer: SPEAKING });
  assert.deepEqual(fields.get("x-frame-options"), ["DENY", "ALLOW"]);
  assert.deepEqual(fields.get("x-powered-by"), ["PHP"]);
  assert.equal(fields.get("server"), undefined);
  assert.deepEqual(fields.get("x-content-type-options"), ["nosniff"]);
});

const ERRORS: [what: string, frontend: Record<string, unknown>][] = [
  ["a request that nothing takes", {
    default_backend: undefined,
    routes: [{ path_prefix: "/other", backend: "app" }],
  }],
  ["a client that is not let in", { access: { deny: ["private"] } }],
  ["an answer of the proxy's own", { default_backend: undefined, routes: [{ respond: { status: 404 } }] }],
];
for (const [what, frontend] of ERRORS) {
  test(`secure_headers stands in the answer to ${what}`, async (t) => {
    const fields = await fieldsOf(t, { frontend: { ...frontend, secure_headers: true } });
    assert.deepEqual(fields.get("x-content-type-options"), ["nosniff"]);
  });
}

test("a route has secure_headers of its own, or none", async (t) => {
  const frontend = {
    secure_headers: true,
    default_backend: undefined,
    routes: [{ backend: "app", secure_headers: false }],
  };
  assert.equal((await fieldsOf(t, { frontend })).get("x-content-type-options"), undefined);
});
