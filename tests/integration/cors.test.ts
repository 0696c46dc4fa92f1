// Pages of other origins: what browsers are told that ask before, and what answers say.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { explainRequest } from "../../src/explain/explain.ts";
import { exchangeOn, statusIn, valuesIn } from "../support/exchanges.ts";
import { get, ok, openScene, request } from "./scene.ts";

const PAGE = "https://page.example";

async function openCors(
  t: TestContext,
  cors: unknown,
  { answer = ok("in"), frontend = {} }: { answer?: string; frontend?: Record<string, unknown> } = {},
) {
  const scene = await openScene(t, { answer, frontend: { cors, ...frontend } });
  const client = await scene.client();
  return { ...scene, ask: (text: string) => exchangeOn(client, text) };
}

const preflight = (origin: string, ...lines: string[]) =>
  request("OPTIONS", "/", [`Origin: ${origin}`, "Access-Control-Request-Method: PUT", ...lines]);

/** What an answer says of all this, in short. */
function saidIn(answer: string): Record<string, string> {
  const said: Record<string, string> = {};
  for (const name of ["origin", "methods", "headers", "credentials"]) {
    const values = valuesIn(answer, `access-control-allow-${name}`);
    if (values.length > 0) said[name] = values.join(" | ");
  }
  for (const name of ["expose-headers", "max-age"]) {
    const values = valuesIn(answer, `access-control-${name}`);
    if (values.length > 0) said[name] = values.join(" | ");
  }
  const vary = valuesIn(answer, "vary");
  if (vary.length > 0) said["vary"] = vary.join(", ");
  return said;
}

const METHODS = "GET, HEAD, PUT, POST, DELETE, PATCH";

test("cors = true lets pages of all origins read answers", async (t) => {
  const { ask, server } = await openCors(t, true);
  assert.deepEqual(saidIn(await ask(get("/", `Origin: ${PAGE}`))), { origin: "*" });
  assert.deepEqual(saidIn(await ask(get())), { origin: "*" });
  const answer = await ask(preflight(PAGE, "Access-Control-Request-Headers: x-a,x-b"));
  assert.equal(statusIn(answer), "204");
  assert.deepEqual(saidIn(answer), {
    origin: "*",
    methods: METHODS,
    headers: "x-a,x-b",
    "max-age": "600",
    vary: "Access-Control-Request-Headers",
  });
  assert.doesNotMatch(answer, /content-length|transfer-encoding|connection: close/i);
  assert.equal(server.received.match(/^OPTIONS/gm), null);
});

const LISTED = {
  origins: [
    PAGE,
    "https://*.b.example",
    "http://*.c.example:8080",
    "HTTPS://Caps.example:443",
    "app://local",
  ],
  methods: ["GET", "PUT"],
  headers: ["X-A"],
  expose: ["X-Total", "ETag"],
  credentials: true,
  max_age: "2h",
};
const ORIGINS: [origin: string, allowed: boolean][] = [
  [PAGE, true],
  ["https://a.b.example", true],
  ["https://x.y.b.example", true],
  ["http://a.c.example:8080", true],
  ["https://caps.example", true],
  ["app://local", true],
  ["https://b.example", false],
  ["https://.b.example", false],
  ["https://evilb.example", false],
  ["https://a.b.example.evil", false],
  ["https://a.b.example:8443", false],
  ["http://a.b.example", false],
  ["https://evil.test/.b.example", false],
  ["https://evil.test#.b.example", false],
  ["https://me@a.b.example", false],
  ["http://a.c.example", false],
  ["https://page.example.evil", false],
  ["https://PAGE.example", false],
  ["null", false],
  ["*", false],
  ["", false],
  [`${PAGE}, ${PAGE}`, false],
];
for (const [origin, allowed] of ORIGINS) {
  test(`cors ${allowed ? "lets" : "does not let"} a page of ${JSON.stringify(origin)} read answers`, async (t) => {
    const { ask } = await openCors(t, LISTED);
    const answer = await ask(get("/", `Origin: ${origin}`));
    assert.equal(statusIn(answer), "200");
    const readable = { origin, credentials: "true", "expose-headers": "X-Total, ETag" };
    assert.deepEqual(saidIn(answer), { ...(allowed && readable), vary: "Origin" });
    const asked = await ask(preflight(origin, "Access-Control-Request-Headers: x-other"));
    assert.equal(statusIn(asked), "204");
    assert.deepEqual(saidIn(asked), {
      ...(allowed && { ...readable, methods: "GET, PUT", headers: "X-A", "max-age": "7200" }),
      vary: "Origin",
    });
  });
}

test("an answer depends on Origin also where a request has none", async (t) => {
  const { ask } = await openCors(t, LISTED);
  assert.deepEqual(saidIn(await ask(get())), { vary: "Origin" });
});

test("cors lets pages without an origin read answers where null is listed", async (t) => {
  const { ask } = await openCors(t, { origins: ["null"] });
  assert.deepEqual(saidIn(await ask(get("/", "Origin: null"))), { origin: "null", vary: "Origin" });
});

test("what a server says of this itself gives way, and its Vary stays", async (t) => {
  const lines = [
    "Access-Control-Allow-Origin: *",
    "access-control-allow-origin: https://evil.example",
    "Access-Control-Allow-Credentials: true",
    "Access-Control-Expose-Headers: Set-Cookie",
    "Vary: Accept-Encoding, origin",
    "X-Own: 1",
  ];
  const { ask } = await openCors(t, { origins: [PAGE] }, { answer: ok("in", ...lines) });
  const good = await ask(get("/", `Origin: ${PAGE}`));
  assert.deepEqual(saidIn(good), { origin: PAGE, vary: "Accept-Encoding, origin" });
  assert.deepEqual(valuesIn(good, "x-own"), ["1"]);
  assert.deepEqual(saidIn(await ask(get("/", "Origin: https://evil.example"))), {
    vary: "Accept-Encoding, origin",
  });
});

test("an OPTIONS that asks for nothing goes to the server", async (t) => {
  const { ask, server } = await openCors(t, true);
  assert.deepEqual(saidIn(await ask(request("OPTIONS", "/", [`Origin: ${PAGE}`]))), { origin: "*" });
  await ask(request("OPTIONS", "/", ["Access-Control-Request-Method: PUT"]));
  assert.equal(server.received.match(/^OPTIONS/gm)?.length, 2);
});

test("browsers are told before auth asks, and may read why it says no", async (t) => {
  const auth = { bearer: { tokens: { robot: "0123456789abcdef" } } };
  const { ask, proxy } = await openCors(t, LISTED, { frontend: { auth } });
  assert.equal(statusIn(await ask(preflight(PAGE))), "204");
  const refused = await ask(get("/", `Origin: ${PAGE}`));
  assert.deepEqual([statusIn(refused), saidIn(refused)["origin"]], ["401", PAGE]);
  const told = (headers: [string, string][]) =>
    explainRequest(proxy.running.snapshot, { method: "OPTIONS", url: "http://a.example/", headers });
  const asked = told([["Origin", PAGE], ["Access-Control-Request-Method", "PUT"]]);
  assert.equal(asked.answer?.status, 204);
  assert.equal(told([["Origin", PAGE]]).refused?.reason, "unauthorized");
});

test("browsers are told where nothing leads anywhere as well, and may read the error", async (t) => {
  const { ask } = await openCors(t, true, {
    frontend: { default_backend: undefined, routes: [{ path_prefix: "/a", backend: "app" }] },
  });
  assert.equal(statusIn(await ask(preflight(PAGE))), "204");
  const lost = await ask(get("/b", `Origin: ${PAGE}`));
  assert.deepEqual([statusIn(lost), saidIn(lost)["origin"]], ["404", "*"]);
});

test("a request of a page whose origin is not listed still goes to the server: browsers keep the answer", async (t) => {
  const { ask, server } = await openCors(t, LISTED);
  await ask(request("POST", "/", ["Origin: https://evil.example", "Content-Length: 0"]));
  assert.match(server.received, /^POST/);
});
