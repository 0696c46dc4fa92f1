import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { jwtMethod } from "../../../src/access/jwt.ts";
import { ProxyError } from "../../../src/base/errors.ts";
import { Kept } from "../../../src/base/kept.ts";
import { SILENT_LOG } from "../../../src/base/log.ts";
import { freeze } from "../../../src/config/freeze.ts";
import { jwtSchema } from "../../../src/config/sections/auth-jwt.ts";
import { Fields } from "../../../src/http/fields.ts";
import { Clock } from "../../support/clock.ts";
import { plainRequest } from "../../support/plain-request.ts";
import { jwksOf, makeKey, signedWith, type SigningKey } from "../../support/signed-tokens.ts";

const [A, B, C] = [makeKey("a"), makeKey("b"), makeKey("c")];

const requestWith = (token: string) => plainRequest("GET", `Authorization: Bearer ${token}`);

/** Tokens that are checked by keys which are published somewhere. */
function openKeys(t: TestContext, ...first: readonly SigningKey[]) {
  const clock = new Clock(t);
  const events: string[] = [];
  const place = {
    keys: first,
    /** What answers in place of the keys. */
    failure: undefined as string | undefined,
    fetches: 0,
    clock,
    events,
    /** Whether a token is not looked at any more. */
    isKnown: (token: string) => !(method.check(requestWith(token)) instanceof Promise),
    /** `ok`, or what a token is refused with. */
    async check(token: string): Promise<string> {
      try {
        const found = await method.check(requestWith(token));
        return "error" in found ? found.error.kind : "ok";
      } catch (error) {
        return (error as ProxyError).kind;
      }
    },
  };
  const config = jwtSchema.parse({ jwks: "https://id.example/keys", issuer: false, audience: false });
  const method = jwtMethod(freeze(config), {
    kept: new Kept(),
    log: { ...SILENT_LOG, warn: (event) => events.push(event), info: (event) => events.push(event) },
    inquirer: (of) => {
      assert.deepEqual(of, { origin: "https://id.example" });
      return ({ target }) => {
        assert.equal(target, "/keys");
        place.fetches++;
        if (place.failure !== undefined) {
          return Promise.reject(new ProxyError("connect_refused", place.failure));
        }
        const body = new TextEncoder().encode(jwksOf(...place.keys));
        return Promise.resolve({ status: 200, reason: "", fields: new Fields(), body });
      };
    },
  });
  return place;
}

test("jwtMethod() fetches keys again for a token with another one, and takes it", async (t) => {
  const place = openKeys(t, A);
  assert.equal(await place.check(signedWith(A)), "ok");
  place.keys = [A, B];
  place.clock.pass(10_000);
  assert.equal(await place.check(signedWith(B)), "ok");
  assert.equal(await place.check(signedWith(A)), "ok");
  assert.equal(place.fetches, 2);
});

test("jwtMethod() believes a key no more that is gone, nor tokens that were found good by it", async (t) => {
  const place = openKeys(t, A);
  const token = signedWith(A);
  assert.equal(await place.check(token), "ok");
  place.keys = [B];
  place.clock.pass(10_000);
  assert.equal(await place.check(signedWith(B)), "ok");
  assert.equal(await place.check(token), "unauthorized");
});

test("jwtMethod() fetches keys once in ten seconds, however many tokens name others", async (t) => {
  const place = openKeys(t, A);
  assert.equal(await place.check(signedWith(A)), "ok");
  for (let i = 0; i < 20; i++) {
    assert.equal(await place.check(signedWith({ ...C, kid: `made-up-${i}` })), "unauthorized");
  }
  assert.equal(place.fetches, 1);
  place.clock.pass(10_000);
  const many = Array.from({ length: 20 }, (_, i) => place.check(signedWith({ ...C, kid: `made-up-${i}` })));
  assert.deepEqual([...new Set(await Promise.all(many))], ["unauthorized"]);
  assert.equal(place.fetches, 2);
});

test("jwtMethod() goes on with old keys while no others come, and tells the log once", async (t) => {
  const place = openKeys(t, A);
  assert.equal(await place.check(signedWith(A)), "ok");
  place.failure = "nobody there";
  for (let minutes = 0; minutes < 60; minutes += 10) {
    place.clock.pass(600_000);
    assert.equal(await place.check(signedWith(A, { at: minutes })), "ok");
    assert.equal(await place.check(signedWith(B)), "unauthorized");
  }
  assert.deepEqual(place.events, ["keys_not_fetched"]);
  place.failure = undefined;
  place.keys = [B];
  place.clock.pass(600_000);
  assert.equal(await place.check(signedWith(B)), "ok");
  assert.deepEqual(place.events, ["keys_not_fetched", "keys_fetched_again"]);
});

test("jwtMethod() fetches keys again after their time, while the old ones go on", async (t) => {
  const place = openKeys(t, A);
  const token = signedWith(A);
  assert.equal(await place.check(token), "ok");
  place.clock.pass(599_999);
  assert.equal(await place.check(token), "ok");
  assert.equal(place.fetches, 1);
  place.clock.pass(1);
  place.keys = [B];
  assert.equal(await place.check(token), "ok");
  assert.equal(place.fetches, 2);
  await place.clock.advance(1);
  assert.equal(await place.check(token), "unauthorized");
});

test("jwtMethod() says that it cannot tell while there were never any keys, and asks again each second", async (t) => {
  const place = openKeys(t, A);
  place.failure = "nobody there";
  for (let i = 0; i < 5; i++) assert.equal(await place.check(signedWith(A)), "auth_unavailable");
  assert.equal(place.fetches, 1);
  place.clock.pass(1000);
  assert.equal(await place.check(signedWith(A)), "auth_unavailable");
  assert.equal(place.fetches, 2);
  place.failure = undefined;
  place.clock.pass(1000);
  assert.equal(await place.check(signedWith(A)), "ok");
});

test("jwtMethod() tries the keys of a kind for a token that names none", async (t) => {
  const place = openKeys(t, A, B);
  assert.equal(await place.check(signedWith(B, {}, { kid: undefined })), "ok");
  assert.equal(await place.check(signedWith(C, {}, { kid: undefined })), "unauthorized");
});

test("jwtMethod() knows a good token again at once, until it has expired", async (t) => {
  const place = openKeys(t, A);
  const exp = Math.floor(Date.now() / 1000) + 60;
  const token = signedWith(A, { exp });
  assert.equal(await place.check(token), "ok");
  assert.equal(place.isKnown(token), true);
  const now = t.mock.method(Date, "now", () => exp * 1000 + 29_999);
  assert.equal(place.isKnown(token), true);
  now.mock.mockImplementation(() => exp * 1000 + 30_000);
  assert.equal(place.isKnown(token), false);
});
