// Stale answers, what keeps answers apart, reloads, and bounds of memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { openCacheScene, read } from "./cache-scene.ts";
import { get, ok } from "./scene.ts";

const FRESH = "Cache-Control: max-age=3600";
const FAILS = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
/** Stale by a hundred seconds when it comes. */
const OLD = ["Age: 3700", 'ETag: "a"'];

const STALE:
  readonly (readonly [what: string, control: string, keys: Record<string, unknown>, isSent: boolean])[] = [
    ["stale-if-error", "max-age=3600, stale-if-error=200", {}, true],
    ["a stale-if-error that is over", "max-age=3600, stale-if-error=50", {}, false],
    ["nothing", "max-age=3600", {}, false],
    ["stale_if_error", "max-age=3600", { stale_if_error: "200s" }, true],
    ["stale_if_error, and the answer says less", "max-age=3600, stale-if-error=1", {
      stale_if_error: "200s",
    }, false],
    [
      "stale_if_error and must-revalidate",
      "max-age=3600, must-revalidate",
      { stale_if_error: "200s" },
      false,
    ],
    [
      "stale_if_error and proxy-revalidate",
      "max-age=3600, proxy-revalidate",
      { stale_if_error: "200s" },
      false,
    ],
    ["stale_if_error and no-cache", "max-age=3600, no-cache", { stale_if_error: "200s" }, false],
    ["stale_if_error and s-maxage", "s-maxage=3600", { stale_if_error: "200s" }, false],
    ["s-maxage and stale-if-error", "s-maxage=3600, stale-if-error=200", {}, true],
  ];
for (const [what, control, keys, isSent] of STALE) {
  for (const how of ["503", "breaks"]) {
    test(`with ${what} a stale answer is ${isSent ? "" : "not "}sent where the server ${how}`, async (t) => {
      const { ask, proxy } = await openCacheScene(t, (_, n, connection) => {
        if (n === 1) return ok("old", `Cache-Control: ${control}`, ...OLD);
        if (how === "503") return FAILS;
        connection.reset();
        return undefined;
      }, { cache: keys, backend: { retries: { attempts: 1 } } });
      await ask();
      const { status, body } = await ask();
      assert.deepEqual(
        [status, status === 200 ? body : ""],
        isSent ? [200, "old"] : [how === "503" ? 503 : 502, ""],
      );
      assert.equal((await proxy.access(1))["cache"], isSent ? "stale" : "miss");
    });
  }
}

test("no stale answer is sent to who asks for a checked one", async (t) => {
  const { ask } = await openCacheScene(
    t,
    (_, n) => n === 1 ? ok("old", "Cache-Control: max-age=9999, stale-if-error=9999") : FAILS,
  );
  await ask();
  assert.equal((await ask("/", "Cache-Control: no-cache")).status, 503);
});

test("with stale-while-revalidate a stale answer is sent at once, and asked for anew once (RFC 5861 §3)", async (t) => {
  let release: (() => void) | undefined;
  const { ask, heads, proxy } = await openCacheScene(t, (_, n, connection) => {
    if (n === 1) return ok("old", "Cache-Control: max-age=3600, stale-while-revalidate=200", ...OLD);
    release = () => connection.send(ok("new", FRESH));
    return undefined;
  });
  await ask();
  for (let i = 0; i < 3; i++) assert.equal((await ask()).body, "old");
  await eventually("one more request", () => release !== undefined);
  assert.match(heads[1]!, /\r\nIf-None-Match: "a"\r\n/);
  release!();
  await eventually("the new one", async () => (await ask()).body === "new");
  assert.equal(heads.length, 2);
  assert.deepEqual(proxy.accesses.slice(0, 4).map(({ cache }) => cache), ["miss", "stale", "stale", "stale"]);
  assert.equal(proxy.accesses[1]!["attempts"], 0);
});

test("a renewal behind the client's back that fails is tried again by the next", async (t) => {
  const { ask, heads } = await openCacheScene(t, (_, n) => {
    if (n === 1) return ok("old", "Cache-Control: max-age=3600, stale-while-revalidate=200", ...OLD);
    return n === 2 ? FAILS : `HTTP/1.1 304 Not Modified\r\n${FRESH}\r\n\r\n`;
  });
  await ask();
  await ask();
  await eventually("it to have failed", () => heads.length === 2);
  await eventually("a fresh one", async () => (await ask()).field("Cache-Status")!.includes("hit; ttl=3600"));
});

test("a renewal that nobody waits for ends with the proxy", async (t) => {
  const { ask, heads, proxy } = await openCacheScene(
    t,
    (_, n) =>
      n === 1 ? ok("old", "Cache-Control: max-age=3600, stale-while-revalidate=200", ...OLD) : undefined,
  );
  await ask();
  await ask();
  await eventually("one more request", () => heads.length === 2);
  await proxy.stop();
  await eventually("no request in flight", () => proxy.inFlight() === 0);
});

test("default_ttl keeps what says nothing, and nothing else", async (t) => {
  const lines: Record<string, string> = {
    "/none": "A: 1",
    "/zero": "Cache-Control: max-age=0",
    "/own": "Set-Cookie: a=b",
  };
  const { ask, heads } = await openCacheScene(t, (head) => ok("x", lines[head.split(" ")[1]!]!), {
    cache: { default_ttl: "1m" },
  });
  for (const path of Object.keys(lines)) for (let i = 0; i < 2; i++) await ask(path);
  assert.deepEqual(heads.map((head) => head.split(" ")[1]), ["/none", "/zero", "/zero", "/own", "/own"]);
});

test("keeps_set_cookie keeps answers with their cookies", async (t) => {
  const { ask, heads } = await openCacheScene(t, () => ok("x", FRESH, "Set-Cookie: a=b"), {
    cache: { keeps_set_cookie: true },
  });
  await ask();
  assert.equal((await ask()).field("Set-Cookie"), "a=b");
  assert.equal(heads.length, 1);
});

test("routes that lead elsewhere, or change the request, never share an answer", async (t) => {
  const { ask, heads } = await openCacheScene(t, (_, n) => ok(String(n), FRESH), {
    frontend: {
      rules: [
        { if: "header(v) == 1", backend: "app", request_headers: { set: { "A": "1" } } },
        { if: "header(v) == 2", backend: "app", add_prefix: "/b" },
      ],
    },
  });
  assert.equal((await ask("/")).body, "1");
  assert.equal((await ask("/", "V: 1")).body, "2");
  assert.equal((await ask("/", "V: 2")).body, "3");
  assert.equal((await ask("/", "V: 1")).body, "2");
  assert.equal(heads.length, 3);
});

test("a reload leaves what is kept, unless the route changed what it does", async (t) => {
  const { ask, heads, proxy, server } = await openCacheScene(t, (_, n) => ok(String(n), FRESH));
  const config = (frontend: Record<string, unknown>) =>
    validateConfig({
      frontends: [{
        name: "web",
        bind: "127.0.0.1:0",
        cache: true,
        default_backend: "app",
        ...frontend,
      }],
      backends: { app: { servers: [`http://127.0.0.1:${server.port}`] } },
      shutdown: { drain_timeout: "500ms", grace: "20ms" },
    });
  await ask();
  await proxy.running.reload(config({}));
  assert.equal((await ask()).body, "1");
  await proxy.running.reload(config({ rules: [{ backend: "app", strip_prefix: "/a" }] }));
  assert.equal((await ask()).body, "2");
  assert.equal(heads.length, 2);
});

test("the store stays within its number and its bytes; what was used longest ago goes", async (t) => {
  const { ask, heads, proxy } = await openCacheScene(t, () => ok("x".repeat(1000), FRESH), {
    config: { cache: { size: "20KiB", object_size: "2KiB", objects: 3 } },
  });
  const { cache } = proxy.running.snapshot;
  for (const path of ["/1", "/2", "/3", "/1", "/4"]) await ask(path);
  assert.equal(cache!.objects, 3);
  assert.equal(cache!.evictions, 1);
  assert.ok(cache!.bytes > 3000 && cache!.bytes <= 20 * 1024);
  assert.equal(heads.length, 4);
  await ask("/1");
  assert.equal(heads.length, 4);
  await ask("/2");
  assert.equal(heads.length, 5);
});

test("an answer over object_size goes on and is not kept, with a length or without", async (t) => {
  const body = "x".repeat(3000);
  const { ask, heads, proxy } = await openCacheScene(
    t,
    (_, n) =>
      n < 3
        ? ok(body, FRESH)
        : `HTTP/1.1 200 OK\r\n${FRESH}\r\nTransfer-Encoding: chunked\r\n\r\nbb8\r\n${body}\r\n0\r\n\r\n`,
    { config: { cache: { size: "10KiB", object_size: "2KiB" } } },
  );
  for (let i = 0; i < 4; i++) assert.ok((await ask()).text.includes(body));
  assert.equal(heads.length, 4);
  assert.equal(proxy.running.snapshot.cache!.objects, 0);
});

test("a kept answer of a megabyte goes to slow and fast readers whole", async (t) => {
  const body = "0123456789abcdef".repeat(65_536);
  const { ask, client, heads } = await openCacheScene(t, () => ok(body, FRESH));
  await ask();
  const slow = await client();
  slow.socket.pause();
  slow.send(get("/", "Connection: close"));
  assert.equal((await ask()).body, body);
  slow.socket.resume();
  assert.equal(read(await slow.untilClosed()).body, body);
  assert.equal(heads.length, 1);
});

test("tags do not go to clients, and metrics say what the cache did", async (t) => {
  const { ask, proxy } = await openCacheScene(
    t,
    () => ok("x", FRESH, "Cache-Tag: a, b", "Surrogate-Key: c d"),
  );
  for (let i = 0; i < 3; i++) assert.doesNotMatch((await ask()).text, /Cache-Tag|Surrogate-Key/);
  const { stageMetrics } = proxy.running.snapshot;
  const counted = [...stageMetrics.samples()].filter(({ name }) => name === "sluice_cache_requests_total");
  const values = Object.fromEntries(counted.map(({ labels, value }) => [labels["result"], value]));
  assert.deepEqual(values, { hit: 2, miss: 1, stale: 0, revalidated: 0, collapsed: 0, bypass: 0 });
});

test("what a stage in front changes is changed in kept answers as well, for each client", async (t) => {
  const { ask, heads } = await openCacheScene(t, () => ok("x", FRESH, "X-Powered-By: a"), {
    frontend: { secure_headers: true, compress: { min_size: "1B" } },
  });
  for (let i = 0; i < 2; i++) {
    const { field } = await ask();
    assert.equal(field("X-Content-Type-Options"), "nosniff");
    assert.equal(field("X-Powered-By"), undefined);
    if (i === 1) assert.equal(field("Age"), "0");
  }
  assert.equal(heads.length, 1);
});

test("answers are kept for who asks by HTTP/1.0 too, and an unread one leaves nothing behind", async (t) => {
  const { client, heads, proxy } = await openCacheScene(t, () => ok("x".repeat(500_000), FRESH));
  const first = await client();
  first.send("GET / HTTP/1.0\r\nHost: a.example\r\n\r\n");
  assert.equal(read(await first.untilClosed()).body.length, 500_000);
  const second = await client();
  second.socket.pause();
  second.send(get());
  await eventually("it to be asked", () => proxy.running.connections > 0);
  second.reset();
  assert.equal(heads.length, 1);
});

for (
  const [what, line] of [["no-store", "Cache-Control: no-store, no-cache"], [
    "credentials",
    "Authorization: a b\r\nPragma: no-cache",
  ]]
) {
  for (const status of ["200", "304"]) {
    test(`a request with ${what} that is answered by ${status} drops nothing of what is kept for others`, async (t) => {
      const { ask, heads } = await openCacheScene(
        t,
        (_, n) =>
          n > 1 && status === "304" ? "HTTP/1.1 304 Not Modified\r\n\r\n" : ok(String(n), FRESH, 'ETag: "a"'),
      );
      await ask();
      assert.equal((await ask("/", line!)).body, status === "304" ? "1" : "2");
      assert.equal((await ask()).body, "1");
      assert.equal(heads.length, 2);
    });
  }
}
