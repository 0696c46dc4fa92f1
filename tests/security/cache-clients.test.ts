// What is for one client, or was made by one client's tricks, never reaches another one by way of the cache.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openCacheScene } from "../integration/cache-scene.ts";
import { ok } from "../integration/scene.ts";

const FRESH = "Cache-Control: max-age=3600";

for (const name of ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Request-ID", "X-Tenant"]) {
  test(`an answer that depends on ${name}, which the proxy writes for each client, is not kept`, async (t) => {
    const { ask, heads } = await openCacheScene(t, (_, n) => ok(String(n), FRESH, `Vary: Accept, ${name}`), {
      frontend: { rules: [{ backend: "app", request_headers: { set: { "X-Tenant": "{client}" } } }] },
    });
    assert.equal((await ask()).body, "1");
    assert.equal((await ask()).body, "2");
    assert.equal(heads.length, 2);
  });
}

test("an answer that depends on what the proxy writes for everybody is kept", async (t) => {
  const { ask, heads } = await openCacheScene(
    t,
    () => ok("x", FRESH, "Vary: X-Forwarded-Proto, X-Site"),
    { frontend: { rules: [{ backend: "app", request_headers: { set: { "X-Site": "{host}" } } }] } },
  );
  await ask();
  await ask();
  assert.equal(heads.length, 1);
});

test("who hides a field from the server by Connection does not fill the cache for those who mean it", async (t) => {
  const { ask } = await openCacheScene(
    t,
    (head) => ok(/^Accept-Language: de/m.test(head) ? "de" : "en", FRESH, "Vary: Accept-Language"),
  );
  const hidden = await ask("/", "Accept-Language: de", "Connection: Accept-Language");
  assert.equal(hidden.body, "en");
  assert.match(hidden.field("Cache-Status")!, /fwd=bypass/);
  assert.equal((await ask("/", "Accept-Language: de")).body, "de");
});

const OWN = {
  rules: [{
    backend: "app",
    response_headers: { set: { "X-Id": "{request_id}" }, add: { "X-Who": ["a", "{method} {request_id}"] } },
  }],
};

test("response_headers that are for one client are written anew into a kept answer for each", async (t) => {
  const { ask, send, heads } = await openCacheScene(
    t,
    () => ok("0123456789", FRESH, 'ETag: "a"', "X-Id: server", "X-Who: server"),
    { frontend: OWN },
  );
  const check = ({ field }: Awaited<ReturnType<typeof ask>>, id: string, method = "GET") => {
    assert.equal(field("X-Id"), id);
    assert.equal(field("X-Who"), `server, a, ${method} ${id}`);
  };
  check(await ask("/", "X-Request-ID: one"), "one");
  check(await ask("/", "X-Request-ID: two"), "two");
  check(await ask("/", "X-Request-ID: three", "Range: bytes=0-1"), "three");
  check(await ask("/", "X-Request-ID: four", 'If-None-Match: "a"'), "four");
  check(await send("HEAD", "/", "X-Request-ID: five"), "five", "HEAD");
  check(await ask("/", "X-Request-ID: six"), "six");
  assert.equal(heads.length, 1);
});

test("a 304 leaves nothing of the client that asked for it in a kept answer", async (t) => {
  const { ask, heads } = await openCacheScene(
    t,
    (_, n) =>
      n === 1
        ? ok("x", "Cache-Control: max-age=0", 'ETag: "a"')
        : `HTTP/1.1 304 Not Modified\r\n${FRESH}\r\n\r\n`,
    { frontend: OWN },
  );
  for (const id of ["one", "two", "three"]) {
    assert.equal((await ask("/", `X-Request-ID: ${id}`)).field("X-Id"), id);
  }
  assert.equal(heads.length, 2);
});
