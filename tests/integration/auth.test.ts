// Who clients have to prove to be before they are answered: passwords and tokens.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { explainRequest } from "../../src/explain/explain.ts";
import { exchangeOn, statusIn, valuesIn } from "../support/exchanges.ts";
import { cheapHash } from "../support/password-hash.ts";
import { get, ok, openScene, post, request } from "./scene.ts";

const HASH = cheapHash("sesame");
const BASIC = { basic: { users: { ada: HASH }, realm: "the house" } };
const TOKEN = "0123456789abcdef-token";
const BEARER = {
  bearer: { tokens: { robot: `sha256:${createHash("sha256").update(TOKEN).digest("hex")}` } },
};

const basic = (user: string, password: string) => `Authorization: Basic ${btoa(`${user}:${password}`)}`;
/** A proxy that answers behind `auth`, and one connection to it. */
async function openAuth(t: TestContext, auth: unknown, frontend: Record<string, unknown> = {}) {
  const scene = await openScene(t, { answer: ok("in"), frontend: { auth, ...frontend } });
  const client = await scene.client();
  return {
    ...scene,
    /** The head of the answer to `text`, on one and the same connection. */
    ask: (text: string) => exchangeOn(client, text),
  };
}

test("auth lets those through whose password is right, and asks others, on one connection", async (t) => {
  const { ask, proxy, server } = await openAuth(t, BASIC);
  const first = await ask(get());
  assert.equal(statusIn(first), "401");
  assert.deepEqual(valuesIn(first, "www-authenticate"), ['Basic realm="the house", charset="UTF-8"']);
  assert.doesNotMatch(first, /connection: close/i);
  assert.equal(statusIn(await ask(get("/", basic("ada", "wrong")))), "401");
  assert.equal(statusIn(await ask(get("/", basic("bob", "sesame")))), "401");
  assert.equal(statusIn(await ask(get("/", basic("ada", "sesame")))), "200");
  assert.equal(statusIn(await ask(get("/", basic("ada", "sesame")))), "200");
  assert.deepEqual(proxy.accesses.map(({ reason, user }) => [reason, user]), [
    ["unauthorized", undefined],
    ["unauthorized", undefined],
    ["unauthorized", undefined],
    ["ok", "ada"],
    ["ok", "ada"],
  ]);
  assert.equal(server.connections.length, 1);
});

test("auth takes a token that is known by its hash, or by itself", async (t) => {
  for (const token of [BEARER.bearer.tokens.robot, TOKEN]) {
    const { ask, proxy } = await openAuth(t, { bearer: { tokens: { other: "x".repeat(16), robot: token } } });
    const none = await ask(get());
    assert.deepEqual([statusIn(none), valuesIn(none, "www-authenticate")], ["401", [
      'Bearer realm="sluice"',
    ]]);
    const wrong = await ask(get("/", `Authorization: Bearer ${TOKEN}x`));
    assert.deepEqual(valuesIn(wrong, "www-authenticate"), ['Bearer realm="sluice", error="invalid_token"']);
    assert.equal(statusIn(await ask(get("/", `Authorization: bearer ${TOKEN}`))), "200");
    assert.equal(proxy.accesses[2]!["user"], "robot");
  }
});

const NOT_IN: [what: string, head: string][] = [
  ["in the query", get(`/?access_token=${TOKEN}`)],
  ["twice", get("/", `Authorization: Bearer ${TOKEN}`, `Authorization: Bearer ${TOKEN}`)],
  ["beside other credentials", get("/", basic("a", "b"), `Authorization: Bearer ${TOKEN}`)],
  ["with something behind it", get("/", `Authorization: Bearer ${TOKEN}, x`)],
  ["of another scheme", get("/", `Authorization: Token ${TOKEN}`)],
  ["as the hash of it", get("/", `Authorization: Bearer ${BEARER.bearer.tokens.robot.slice(7)}`)],
  ["in Proxy-Authorization", get("/", `Proxy-Authorization: Bearer ${TOKEN}`)],
];
for (const [what, head] of NOT_IN) {
  test(`auth takes no token ${what}`, async (t) => {
    const { ask } = await openAuth(t, BEARER);
    assert.equal(statusIn(await ask(head)), "401");
  });
}

test("auth with several ways goes by the credentials that there are, and asks for any", async (t) => {
  const { ask, proxy } = await openAuth(t, { any: [BASIC, BEARER] });
  assert.deepEqual(valuesIn(await ask(get()), "www-authenticate"), [
    'Basic realm="the house", charset="UTF-8"',
    'Bearer realm="sluice"',
  ]);
  assert.equal(statusIn(await ask(get("/", `Authorization: Bearer ${TOKEN}`))), "200");
  assert.equal(statusIn(await ask(get("/", basic("ada", "sesame")))), "200");
  assert.deepEqual(valuesIn(await ask(get("/", "Authorization: Bearer x")), "www-authenticate"), [
    'Bearer realm="sluice", error="invalid_token"',
  ]);
  assert.deepEqual(proxy.accesses.map(({ user }) => user), [undefined, "robot", "ada", undefined]);
});

test("servers get the credentials of a client, unless they are not to", async (t) => {
  for (const [keeps, sent] of [[true, 1], [false, 0]] as const) {
    const { ask, server } = await openAuth(t, { ...BEARER, keeps_credentials: keeps });
    await ask(get("/", `Authorization: Bearer ${TOKEN}`, "X-A: 1"));
    assert.equal(server.received.match(/^authorization:/gim)?.length ?? 0, sent);
    assert.match(server.received, /^X-A: 1\r$/m);
  }
});

test("auth asks before a body is read, and the connection goes on behind it", async (t) => {
  const { ask } = await openAuth(t, BASIC);
  assert.equal(statusIn(await ask(post("a body that nobody wants"))), "401");
  assert.equal(statusIn(await ask(post("a body", basic("ada", "sesame")))), "200");
  const waits = request("POST", "/", ["Expect: 100-continue", "Content-Length: 5"]);
  assert.equal(statusIn(await ask(waits)), "401");
});

test("auth says why in the form that a client likes, and no more", async (t) => {
  const { ask } = await openAuth(t, BASIC);
  const answer = await ask(get("/", basic("ada", "wrong"), "Accept: application/json"));
  assert.equal(JSON.parse(answer.slice(answer.indexOf("{")))["reason"], "unauthorized");
  assert.doesNotMatch(answer, /ada|credentials/);
});

test("auth guards what the proxy answers itself, and what nothing takes", async (t) => {
  const { ask } = await openAuth(t, BASIC, {
    default_backend: undefined,
    routes: [{ path_prefix: "/own", respond: { body: "own" } }],
  });
  for (const path of ["/own", "/nothing"]) assert.equal(statusIn(await ask(get(path))), "401");
  assert.equal(statusIn(await ask(get("/nothing", basic("ada", "sesame")))), "404");
});

test("explain says that auth asks for credentials, and looks at none", async (t) => {
  const { proxy } = await openScene(t, { answer: ok(), frontend: { auth: BASIC } });
  const told = (headers: [string, string][]) =>
    explainRequest(proxy.running.snapshot, { method: "GET", url: "http://a.example/", headers });
  assert.equal(told([]).refused?.reason, "unauthorized");
  const { refused, rules } = told([["Authorization", basic("ada", "wrong").slice(15)]]);
  assert.equal(refused, undefined);
  assert.ok(rules.includes("auth: basic for 1 users"));
});
