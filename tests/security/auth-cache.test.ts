/** A cache behind auth: nobody gets what was answered to somebody else, whatever their credentials are in. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openCacheScene } from "../integration/cache-scene.ts";
import { RawServer } from "../support/raw-server.ts";
import { signedBySecret } from "../support/signed-tokens.ts";
import { ok } from "../integration/scene.ts";

const secret = "a secret that both sides know, and nobody else";
const JWT = { secret, issuer: false, audience: false, headers: { "X-User": "sub" } };

/** Each way, and the credentials of a user in it. */
const WAYS: [what: string, auth: (t: TestContext) => unknown, lineOf: (user: string) => string][] = [
  [
    "a cookie",
    () => ({ jwt: { ...JWT, from: "cookie(session)" } }),
    (user) => `Cookie: session=${signedBySecret(secret, { sub: user })}`,
  ],
  [
    "a token that servers do not get",
    () => ({ jwt: JWT, keeps_credentials: false }),
    (user) => `Authorization: Bearer ${signedBySecret(secret, { sub: user })}`,
  ],
  ["the word of another server", async (t) => {
    const asked = await RawServer.answering((head) => ok("", `X-User: ${/sid=(\w+)/.exec(head)![1]}`));
    t.after(() => asked.close());
    return { forward: { url: `http://127.0.0.1:${asked.port}`, copy_response_headers: ["X-User"] } };
  }, (user) => `Cookie: sid=${user}`],
];
for (const [what, auth, lineOf] of WAYS) {
  for (const [control, shared] of [["max-age=60", false], ["public, max-age=60", true]] as const) {
    test(`a cache ${shared ? "shares" : "does not share"} "${control}" with others who are known by ${what}`, async (t) => {
      const { ask } = await openCacheScene(
        t,
        (head) => ok(`for ${/x-user: (\w+)/i.exec(head)![1]}`, `Cache-Control: ${control}`),
        { frontend: { auth: await auth(t) }, cache: { default_ttl: "60s" } },
      );
      assert.equal((await ask("/", lineOf("ada"))).body, "for ada");
      assert.equal((await ask("/", lineOf("bob"))).body, shared ? "for ada" : "for bob");
    });
  }
}

test("a cache does not share by default_ttl what was answered to somebody", async (t) => {
  const { ask } = await openCacheScene(
    t,
    (head) => ok(`for ${/x-user: (\w+)/i.exec(head)![1]}`),
    { frontend: { auth: { jwt: { ...JWT, from: "cookie(a)" } } }, cache: { default_ttl: "60s" } },
  );
  const as = async (user: string) =>
    (await ask("/", `Cookie: a=${signedBySecret(secret, { sub: user })}`)).body;
  assert.deepEqual([await as("ada"), await as("bob")], ["for ada", "for bob"]);
});
