// Tokens that somebody has signed: whose keys count, and what a token must say.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { exchangeOn, statusIn, valuesIn } from "../support/exchanges.ts";
import { RawServer } from "../support/raw-server.ts";
import { jwksOf, makeKey, pemOf, seconds, signedBySecret, signedWith } from "../support/signed-tokens.ts";
import { get, ok, openScene } from "./scene.ts";

const EC = makeKey("ec-1");
const OTHER = makeKey("ec-2");
const RSA = makeKey("rsa-1", "RS256");
const SECRET = "a secret that both sides know, and nobody else";

const ANY = { issuer: false, audience: false };
const bearer = (token: string) => `Authorization: Bearer ${token}`;

/** A file that is gone with the test. */
function fileOf(t: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "keys");
  writeFileSync(path, text);
  return path;
}

async function openJwt(t: TestContext, jwt: Record<string, unknown>, auth: Record<string, unknown> = {}) {
  const scene = await openScene(t, {
    answer: ok("in"),
    frontend: { auth: { jwt: { ...ANY, ...jwt }, ...auth } },
  });
  const client = await scene.client();
  return { ...scene, ask: (...lines: string[]) => exchangeOn(client, get("/", ...lines)) };
}

/** A proxy that fetches its keys, and where it does. */
async function openRemote(
  t: TestContext,
  answer: () => string | undefined,
  jwt: Record<string, unknown> = {},
) {
  const published = await RawServer.answering(answer);
  t.after(() => published.close());
  const scene = await openJwt(t, { jwks: `http://127.0.0.1:${published.port}/keys?v=1`, ...jwt });
  return { ...scene, published, fetches: () => published.received.match(/^GET /gm)?.length ?? 0 };
}

const KINDS: [what: string, config: (t: TestContext) => Record<string, unknown>, token: () => string][] = [
  [
    "a JWK Set in a file",
    (t) => ({ file: fileOf(t, jwksOf(EC, RSA)) }),
    () => signedWith(RSA, { sub: "ada" }),
  ],
  ["PEM in a file", (t) => ({ file: fileOf(t, pemOf(RSA)) }), () => signedWith(RSA, { sub: "ada" })],
  [
    "two keys of PEM",
    (t) => ({ file: fileOf(t, pemOf(OTHER) + pemOf(EC)) }),
    () => signedWith(EC, { sub: "ada" }),
  ],
  ["a secret", () => ({ secret: SECRET }), () => signedBySecret(SECRET, { sub: "ada" })],
];
for (const [what, config, token] of KINDS) {
  test(`jwt checks tokens by ${what}`, async (t) => {
    const { ask, proxy, server } = await openJwt(t, { ...config(t), headers: { "X-User": "sub" } });
    for (let i = 0; i < 2; i++) assert.equal(statusIn(await ask(bearer(token()), "X-User: eve")), "200");
    assert.equal(proxy.accesses[0]!["user"], "ada");
    assert.deepEqual(server.received.match(/x-user: .*/gi), ["X-User: ada", "X-User: ada"]);
    const wrong = await ask(bearer(token().slice(0, -4) + "AAAA"));
    assert.equal(statusIn(wrong), "401");
    assert.deepEqual(valuesIn(wrong, "www-authenticate"), ['Bearer realm="sluice", error="invalid_token"']);
    assert.deepEqual(valuesIn(await ask(), "www-authenticate"), ['Bearer realm="sluice"']);
  });
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const forged = (header: object, signature = "") =>
  `${part(header)}.${part({ exp: seconds(60), sub: "eve" })}.${signature}`;
const RULES = { issuer: "https://id.example", audience: ["api", "web"] };
const SAYS = { iss: "https://id.example", aud: "api", sub: "ada" };

const BAD: [what: string, token: () => string, why?: RegExp][] = [
  ["none as its algorithm", () => forged({ alg: "none" })],
  ["none and a signature", () => forged({ alg: "none" }, "AAAA"), /"alg"/],
  ["None, in another case", () => forged({ alg: "nOnE", kid: EC.kid }, "AAAA"), /"alg"/],
  ["no algorithm", () => forged({ kid: EC.kid }, "AAAA"), /"alg"/],
  ["an algorithm that is not asked for", () => signedWith(RSA, SAYS), /"alg"/],
  ["the public key as a secret", () => signedBySecret(pemOf(EC), SAYS, { kid: EC.kid }), /"alg"/],
  ["the JWK as a secret", () => signedBySecret(jwksOf(EC), SAYS, { kid: EC.kid }), /"alg"/],
  ["the key of another", () => signedWith({ ...OTHER, kid: EC.kid }, SAYS), /signature/],
  ["a key that nobody knows", () => signedWith(makeKey("nobody"), SAYS), /key/],
  [
    "a key that it brings along",
    () => signedWith(OTHER, SAYS, { kid: EC.kid, jwk: OTHER.publicKey.export({ format: "jwk" }) }),
    /signature/,
  ],
  [
    "a key that it tells the address of",
    () => signedWith(OTHER, SAYS, { kid: EC.kid, jku: "http://127.0.0.1:1/keys" }),
    /signature/,
  ],
  ["an end that is over", () => signedWith(EC, { ...SAYS, exp: seconds(-31) }), /"exp"/],
  ["no end", () => signedWith(EC, { ...SAYS, exp: undefined }), /"exp"/],
  ["an end that is a text", () => signedWith(EC, { ...SAYS, exp: "2099" }), /"exp"/],
  ["a beginning that is to come", () => signedWith(EC, { ...SAYS, nbf: seconds(60) }), /"nbf"/],
  ["another audience", () => signedWith(EC, { ...SAYS, aud: "other" }), /"aud"/],
  ["no audience", () => signedWith(EC, { ...SAYS, aud: undefined }), /"aud"/],
  ["another issuer", () => signedWith(EC, { ...SAYS, iss: "https://id.example.evil" }), /"iss"/],
  ["no issuer", () => signedWith(EC, { ...SAYS, iss: undefined }), /"iss"/],
  [
    "something critical that nobody knows",
    () => signedWith(EC, SAYS, { crit: ["exp2"], exp2: 1 }),
    /[Cc]ritical|"exp2"/,
  ],
  ["a payload that is not encoded", () => signedWith(EC, SAYS, { crit: ["b64"], b64: false }), /./],
  ["other claims than were signed", () => {
    const [head, , signature] = signedWith(EC, SAYS).split(".");
    return `${head}.${part({ ...SAYS, exp: seconds(60), sub: "eve" })}.${signature}`;
  }, /signature/],
  ["five parts", () => `${signedWith(EC, SAYS)}.AA.AA`],
  ["two parts", () => signedWith(EC, SAYS).split(".").slice(0, 2).join(".")],
  ["more letters than anybody needs", () => signedWith(EC, { ...SAYS, pad: "x".repeat(6200) })],
  ["no JSON", () => "YQ.YQ.YQ", /invalid/],
];
for (const [what, token, why = /form/] of BAD) {
  test(`jwt refuses a token with ${what}`, async (t) => {
    const { ask, server, proxy } = await openJwt(t, {
      file: fileOf(t, jwksOf(EC, { ...RSA, alg: "RS256" })),
      algorithms: ["ES256"],
      ...RULES,
    });
    assert.equal(statusIn(await ask(bearer(signedWith(EC, SAYS)))), "200");
    const answer = await ask(bearer(token()));
    assert.equal(statusIn(answer), "401");
    assert.deepEqual(valuesIn(answer, "www-authenticate"), ['Bearer realm="sluice", error="invalid_token"']);
    const { reason, detail } = await proxy.access(1);
    assert.equal(reason, "unauthorized");
    assert.match(String(detail), why);
    assert.equal(server.received.match(/^GET /gm)?.length, 1);
  });
}

const GOOD: [what: string, claims: object][] = [
  ["one of several audiences", { aud: ["other", "web"] }],
  ["an end that is over within the leeway", { exp: seconds(-5) }],
  ["a beginning that is to come within the leeway", { nbf: seconds(10) }],
];
for (const [what, claims] of GOOD) {
  test(`jwt takes a token with ${what}`, async (t) => {
    const { ask } = await openJwt(t, { file: fileOf(t, jwksOf(EC)), ...RULES });
    assert.equal(statusIn(await ask(bearer(signedWith(EC, { ...SAYS, ...claims })))), "200");
  });
}

test("jwt takes no token twice, nor one that an Authorization field has beside another", async (t) => {
  const { ask } = await openJwt(t, { secret: SECRET });
  const line = bearer(signedBySecret(SECRET));
  for (const lines of [[line, line], ["Authorization: Basic eA==", line], [`${line}, ${line.slice(15)}`]]) {
    assert.equal(statusIn(await ask(...lines)), "401");
  }
});

test("jwt by a secret believes no token that is signed by a public key", async (t) => {
  const { ask } = await openJwt(t, { secret: SECRET });
  assert.equal(statusIn(await ask(bearer(signedWith(EC)))), "401");
  assert.equal(statusIn(await ask(bearer(signedBySecret(SECRET + "x")))), "401");
});

test("jwt wants what claims say, and tells a client that its token is good but not enough", async (t) => {
  const claims = { scope: "read", "realm_access.roles": ["admin", "staff"], level: 3, email_verified: true };
  const { ask, proxy } = await openJwt(t, { secret: SECRET, claims });
  const good = {
    scope: "write read",
    realm_access: { roles: ["staff", "x", "admin"] },
    level: 3,
    email_verified: true,
  };
  assert.equal(statusIn(await ask(bearer(signedBySecret(SECRET, good)))), "200");
  const bad = [
    { ...good, scope: "reader" },
    { ...good, scope: undefined },
    { ...good, realm_access: { roles: ["admin"] } },
    { ...good, realm_access: "admin" },
    { ...good, level: "3" },
    { ...good, email_verified: "true" },
  ];
  for (const claims of bad) {
    for (let i = 0; i < 2; i++) { // the second time it is known
      const answer = await ask(bearer(signedBySecret(SECRET, claims)));
      assert.equal(statusIn(answer), "403");
      assert.deepEqual(valuesIn(answer, "www-authenticate"), [
        'Bearer realm="sluice", error="insufficient_scope"',
      ]);
    }
  }
  assert.ok(proxy.accesses.slice(1).every(({ reason }) => reason === "access_denied"));
});

test("jwt tells servers what a token says, in bytes of UTF-8, and nothing that it does not say", async (t) => {
  const headers = { "X-User": "sub", "X-Groups": "groups", "X-Mail": "email", "X-Level": "level" };
  const { ask, server, proxy } = await openJwt(t, { secret: SECRET, headers });
  const token = signedBySecret(SECRET, { sub: "Zoë", groups: ["a", "b"], level: 3 });
  await ask(bearer(token), "X-Mail: eve@example.com", "X_Level: 9");
  const { received } = server;
  const sent = ["x-user", "x-groups", "x-mail", "x-level"].map((name) => valuesIn(received, name));
  assert.deepEqual(sent, [[Buffer.from("Zoë").toString("latin1")], ["a,b"], [], ["3"]]);
  assert.doesNotMatch(received, /eve@|X_Level/);
  assert.equal(proxy.accesses[0]!["user"], "Zoë");
});

const UNSAID: [what: string, value: unknown][] = [
  ["a line of its own", "ada\r\nX-Admin: 1"],
  ["a letter that is a line's end in another charset", "ada\u0085X-Admin: 1"],
  ["a table", { a: 1 }],
  ["a comma in a list", ["a", "b,admin"]],
  ["a comma in a list of one", ["a,admin"]],
  ["a name without the blank in front of it", " admin"],
  ["a name without the tab behind it", "admin\t"],
  ["a name of a list without the blank behind it", ["a", "admin "]],
  ["half of a letter", "admin\ud800"],
];
for (const [what, value] of UNSAID) {
  test(`jwt lets no token through that would say ${what} to a server`, async (t) => {
    const { ask, server } = await openJwt(t, { secret: SECRET, headers: { "X-User": "name" } });
    assert.equal(statusIn(await ask(bearer(signedBySecret(SECRET, { name: value })))), "403");
    assert.equal(server.connections.length, 0);
  });
}

test("a blank that is none in a field stays a part of what a claim says", async (t) => {
  const { ask, server } = await openJwt(t, { secret: SECRET, headers: { "X-User": "name" } });
  await ask(bearer(signedBySecret(SECRET, { name: "\u00a0admin" })));
  assert.deepEqual(server.received.match(/\r\nX-User: .*\r\n/g), ["\r\nX-User: \xc2\xa0admin\r\n"]);
});

test("a claim with letters beyond a byte becomes no other bytes", async (t) => {
  const { ask, server } = await openJwt(t, { secret: SECRET, headers: { "X-User": "name" } });
  await ask(bearer(signedBySecret(SECRET, { name: "a\u010d\u010aX-Admin: 1" })));
  assert.deepEqual(valuesIn(server.received, "x-admin"), []);
  assert.equal(valuesIn(server.received, "x-user").length, 1);
});

test("jwt has its token in a cookie where it is told to, and then nowhere else", async (t) => {
  const { ask } = await openJwt(t, { secret: SECRET, from: "cookie(session)" });
  const token = signedBySecret(SECRET);
  assert.equal(statusIn(await ask(`Cookie: a=1; session=${token}; b=2`)), "200");
  assert.equal(statusIn(await ask(bearer(token))), "401");
  assert.equal(statusIn(await ask(`Cookie: session=${token}; session=x`)), "401");
  assert.equal(statusIn(await ask(`Cookie: session=${token}`, `Cookie: session=${token}x`)), "401");
});

test("jwt before bearer leaves the tokens to it that are not signed", async (t) => {
  const { client } = await openScene(t, {
    answer: ok("in"),
    frontend: {
      auth: {
        any: [{ jwt: { ...ANY, secret: SECRET } }, { bearer: { tokens: { robot: "0123456789abcdef" } } }],
      },
    },
  });
  const c = await client();
  assert.equal(statusIn(await exchangeOn(c, get("/", bearer(signedBySecret(SECRET))))), "200");
  assert.equal(statusIn(await exchangeOn(c, get("/", bearer("0123456789abcdef")))), "200");
  assert.equal(statusIn(await exchangeOn(c, get("/", bearer("0123456789abcdeX")))), "401");
});

test("keys are fetched when they are first needed, once for all who ask", async (t) => {
  const { client, fetches, published } = await openRemote(t, () => ok(jwksOf(EC)));
  assert.equal(fetches(), 0);
  const clients = await Promise.all(Array.from({ length: 10 }, () => client()));
  const answers = await Promise.all(clients.map((c) => exchangeOn(c, get("/", bearer(signedWith(EC))))));
  assert.deepEqual([...new Set(answers.map(statusIn))], ["200"]);
  assert.equal(fetches(), 1);
  assert.match(published.received, /^GET \/keys\?v=1 HTTP\/1\.1\r\n/);
});

test("nothing passes where there are no keys yet, and it passes once there are", async (t) => {
  let answer: string | undefined = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";
  const { ask, proxy, fetches } = await openRemote(t, () => answer);
  const line = bearer(signedWith(EC));
  const refused = await ask(line);
  assert.equal(statusIn(refused), "503");
  assert.equal((await proxy.access(0))["reason"], "auth_unavailable");
  assert.equal(statusIn(await ask(line)), "503");
  assert.equal(fetches(), 1);
  answer = ok(jwksOf(EC));
  await eventually("the keys", async () => statusIn(await ask(line)) === "200", 5000);
  const events = proxy.events.map(({ event }) => event).filter((event) => event.startsWith("keys_"));
  assert.deepEqual(events, ["keys_not_fetched", "keys_fetched_again"]);
});

test("keys live on through reloads, also where their place is down by then", async (t) => {
  const { ask, proxy, fetches, published } = await openRemote(t, () => ok(jwksOf(EC)));
  assert.equal(statusIn(await ask(bearer(signedWith(EC)))), "200");
  await published.close();
  const { config } = proxy.running.snapshot;
  await proxy.running.reload({ ...config, frontends: [{ ...config.frontends[0]!, via: "other" }] });
  assert.equal(statusIn(await ask(bearer(signedWith(EC, { sub: "new" })))), "200");
  assert.equal(fetches(), 1);
});

test("keys are fetched from a backend by its settings", async (t) => {
  const published = await RawServer.answering(ok(jwksOf(EC)));
  t.after(() => published.close());
  const app = await RawServer.answering(ok("in"));
  t.after(() => app.close());
  const { client } = await openScene(t, {
    frontend: { auth: { jwt: { ...ANY, backend: "idp", path: "/keys" } } },
    config: {
      backends: {
        app: { servers: [`http://127.0.0.1:${app.port}`] },
        idp: { servers: [`http://127.0.0.1:${published.port}/realm`] },
      },
    },
  });
  assert.equal(statusIn(await exchangeOn(await client(), get("/", bearer(signedWith(EC))))), "200");
  assert.match(published.received, /^GET \/realm\/keys HTTP/);
});

const NO_KEYS: [what: string, answer: string][] = [
  ["no JSON", ok("<html>")],
  ["a list", ok("[]")],
  ["no keys", ok('{"keys":[]}')],
  ["secrets alone", ok(JSON.stringify({ keys: [{ kty: "oct", k: "c2VjcmV0", kid: "x" }] }))],
  ["a redirect", "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"],
  ["more than a set of keys may have", ok(JSON.stringify({ keys: [], pad: "x".repeat(300_000) }))],
];
for (const [what, answer] of NO_KEYS) {
  test(`nothing passes where ${what} is published in place of keys`, async (t) => {
    const { ask } = await openRemote(t, () => answer);
    assert.equal(statusIn(await ask(bearer(signedBySecret("secret", {}, { kid: "x" })))), "503");
  });
}

test("neither the config's description nor the log shows a secret, or a token", async (t) => {
  const { ask, proxy } = await openJwt(t, { secret: SECRET });
  const token = signedBySecret(SECRET + "x", { sub: "ada" });
  await ask(bearer(token));
  const told = JSON.stringify([
    proxy.accesses,
    proxy.events,
    proxy.running.snapshot.frontends[0]!.stages!.map(({ words }) => words),
  ]);
  assert.ok(!told.includes(SECRET));
  assert.ok(!told.includes(token.slice(0, 30)) && !told.includes(token.slice(-20)));
});
