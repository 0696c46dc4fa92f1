// Many clients that ask for one answer at once: one request goes to the server, and nobody hangs whatever comes of it.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import type { RawClient } from "../support/raw-client.ts";
import type { RawConnection } from "../support/raw-server.ts";
import { type CacheScene, openCacheScene, read } from "./cache-scene.ts";
import { get, ok } from "./scene.ts";

const FRESH = "Cache-Control: max-age=3600";
const CLOSE = "Connection: close";

/** A scene whose server answers nothing by itself: each of its connections is given to the test as it asks. */
async function openSlowScene(
  t: TestContext,
  options: Parameters<typeof openCacheScene>[2] = {},
): Promise<CacheScene & { asked: RawConnection[] }> {
  const asked: RawConnection[] = [];
  const scene = await openCacheScene(t, (_, __, connection) => void asked.push(connection), options);
  return { ...scene, asked };
}

/** `count` clients that have asked for `/`, the first of them a little before the others. */
async function crowd({ client, asked, proxy }: Awaited<ReturnType<typeof openSlowScene>>, count: number) {
  const clients: RawClient[] = [];
  for (let i = 0; i < count; i++) {
    const c = await client();
    c.send(get("/", CLOSE));
    clients.push(c);
    if (i === 0) await eventually("the first to ask", () => asked.length === 1);
  }
  await eventually("all to have asked", () => underWay(proxy) === count);
  return clients;
}

function underWay({ running }: CacheScene["proxy"]): number {
  let sum = 0;
  for (const { tally } of running.receptions.values()) sum += tally.metrics.inFlight;
  return sum;
}

const all = (clients: readonly RawClient[]) =>
  Promise.all(clients.map(async (client) => read(await client.untilClosed())));

test("200 clients of one slow answer are one request, and get it as it comes", async (t) => {
  const scene = await openSlowScene(t);
  const clients = await crowd(scene, 200);
  scene.asked[0]!.send(`HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: 10\r\n\r\n01234`);
  await eventually("half of it", () => clients.every(({ received }) => received.endsWith("01234")));
  scene.asked[0]!.send("56789");
  const answers = await all(clients);
  assert.ok(answers.every(({ body }) => body === "0123456789"));
  assert.equal(answers.filter(({ field }) => field("Cache-Status")!.includes("hit; collapsed")).length, 199);
  assert.equal(scene.heads.length, 1);
  assert.deepEqual(new Set(scene.proxy.accesses.map(({ cache }) => cache)), new Set(["miss", "collapsed"]));
});

test("an answer of unknown length goes to those who waited when it is whole", async (t) => {
  const scene = await openSlowScene(t);
  const clients = await crowd(scene, 20);
  scene.asked[0]!.send(`HTTP/1.1 200 OK\r\n${FRESH}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n`);
  await eventually("the first to get what is there", () => clients[0]!.received.includes("01234"));
  scene.asked[0]!.send("0\r\n\r\n");
  const [, ...others] = await all(clients);
  assert.ok(others.every(({ body }) => body === "01234"));
  assert.equal(scene.heads.length, 1);
});

test("a failure is everybody's, and the next asks again", async (t) => {
  const scene = await openSlowScene(t, { backend: { retries: { attempts: 1 } } });
  const clients = await crowd(scene, 200);
  scene.asked[0]!.reset();
  const answers = await all(clients);
  assert.ok(answers.every(({ status }) => status === 502));
  assert.equal(scene.heads.length, 1);
  const next = scene.ask();
  await eventually("another request", () => scene.asked.length === 2);
  scene.asked[1]!.send(ok("fine", FRESH));
  assert.equal((await next).body, "fine");
});

const NOT_KEPT: readonly (readonly [what: string, answer: string])[] = [
  ["private", ok("x", "Cache-Control: private")],
  ["an error", "HTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\nx"],
  ["too large", `HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: 2000000\r\n\r\nx`],
  ["an event stream", `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${FRESH}\r\n\r\nx`],
  ["never-ending and private", "HTTP/1.1 200 OK\r\nCache-Control: private\r\n\r\nx"],
];
for (const [what, answer] of NOT_KEPT) {
  test(`those who wait ask at once, all of them, where the answer is ${what}`, async (t) => {
    const scene = await openSlowScene(t);
    const clients = await crowd(scene, 20);
    scene.asked[0]!.send(answer);
    await eventually("19 more requests", () => scene.asked.length === 20);
    for (const connection of scene.asked.slice(1)) connection.send(ok("own", "Cache-Control: private"));
    const answers = await all(clients.slice(1));
    assert.ok(answers.every(({ body }) => body === "own"));
  });
}

test("nobody waits for answers that were for one client only", async (t) => {
  const scene = await openSlowScene(t);
  const first = scene.ask();
  await eventually("a request", () => scene.asked.length === 1);
  scene.asked[0]!.send(ok("x", "Cache-Control: private"));
  await first;
  const two = [scene.ask(), scene.ask()];
  await eventually("two requests", () => scene.asked.length === 3);
  for (const connection of scene.asked.slice(1)) connection.send(ok("x"));
  await Promise.all(two);
});

test("a client that wants nothing kept does not end the waiting of others", async (t) => {
  const scene = await openSlowScene(t);
  const own = scene.ask("/", "Cache-Control: no-store");
  await eventually("a request", () => scene.asked.length === 1);
  scene.asked[0]!.send(ok("own", FRESH));
  await own;
  const many = Array.from({ length: 5 }, () => scene.ask());
  await eventually("all to have asked", () => underWay(scene.proxy) === 5);
  scene.asked[1]!.send(ok("fine", FRESH));
  assert.ok((await Promise.all(many)).every(({ body }) => body === "fine"));
  assert.equal(scene.heads.length, 2);
});

test("an answer that ends too early is kept for nobody, and those who read it see that", async (t) => {
  const scene = await openSlowScene(t);
  const clients = await crowd(scene, 5);
  scene.asked[0]!.send(`HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: 10\r\n\r\n01234`);
  await eventually("half of it", () => clients.every(({ received }) => received.endsWith("01234")));
  scene.asked[0]!.reset();
  await eventually("all cut", () => clients.every(({ closed }) => closed));
  assert.equal(scene.proxy.running.snapshot.cache!.objects, 0);
  const next = scene.ask();
  await eventually("another request", () => scene.asked.length === 2);
  scene.asked[1]!.send(ok("fine", FRESH));
  assert.equal((await next).body, "fine");
});

test("chunks that break off send those who wait to the server", async (t) => {
  const scene = await openSlowScene(t);
  const clients = await crowd(scene, 5);
  scene.asked[0]!.send(`HTTP/1.1 200 OK\r\n${FRESH}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n`);
  await eventually("the first to get some", () => clients[0]!.received.includes("01234"));
  scene.asked[0]!.reset();
  await eventually("four more requests", () => scene.asked.length === 5);
  for (const connection of scene.asked.slice(1)) connection.send(ok("own", FRESH));
  assert.ok((await all(clients.slice(1))).every(({ body }) => body === "own"));
});

test("where the first client leaves before the head, one of the others asks", async (t) => {
  const scene = await openSlowScene(t);
  const clients = await crowd(scene, 20);
  clients[0]!.reset();
  await eventually("another request", () => scene.asked.length === 2);
  scene.asked[1]!.send(ok("fine", FRESH));
  assert.ok((await all(clients.slice(1))).every(({ body }) => body === "fine"));
  assert.equal(scene.heads.length, 2);
});

test("where the first client leaves during the body, the others get all of it", async (t) => {
  const scene = await openSlowScene(t);
  const clients = await crowd(scene, 20);
  scene.asked[0]!.send(`HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: 10\r\n\r\n01234`);
  await eventually("half of it", () => clients.every(({ received }) => received.endsWith("01234")));
  clients[0]!.reset();
  await eventually("it to be gone", () => scene.proxy.accesses.length === 1);
  scene.asked[0]!.send("56789");
  assert.ok((await all(clients.slice(1))).every(({ body }) => body === "0123456789"));
  assert.equal(scene.heads.length, 1);
});

test("where all clients leave, the server's connection is given up", async (t) => {
  const scene = await openSlowScene(t);
  const clients = await crowd(scene, 3);
  scene.asked[0]!.send(`HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: 10\r\n\r\n01234`);
  await eventually("half of it", () => clients.every(({ received }) => received.endsWith("01234")));
  for (const client of clients) client.reset();
  await eventually("it to be closed", () => scene.asked[0]!.closed);
  assert.equal(scene.proxy.running.snapshot.cache!.objects, 0);
});

test("one who waits may leave, and nobody else notices", async (t) => {
  const scene = await openSlowScene(t);
  const clients = await crowd(scene, 5);
  clients[2]!.reset();
  await eventually("it to be gone", () => scene.proxy.accesses.length === 1);
  scene.asked[0]!.send(ok("fine", FRESH));
  const left = clients.filter((_, i) => i !== 2);
  assert.ok((await all(left)).every(({ body }) => body === "fine"));
  assert.equal(scene.heads.length, 1);
});

test("one who has left asks for nothing when its turn would come", async (t) => {
  const scene = await openSlowScene(t);
  const clients = await crowd(scene, 5);
  clients[2]!.reset();
  await eventually("it to be gone", () => scene.proxy.accesses.length === 1);
  scene.asked[0]!.send(ok("x", "Cache-Control: private"));
  await eventually("three more requests", () => scene.asked.length === 4);
  for (const connection of scene.asked.slice(1)) connection.send(ok("own"));
  await all(clients.filter((_, i) => i !== 2));
  assert.equal(scene.heads.length, 4);
});

test("requests that lead elsewhere do not wait for one another", async (t) => {
  const scene = await openSlowScene(t, {
    frontend: { rules: [{ if: "header(v) == 1", backend: "app", add_prefix: "/b" }] },
  });
  const two = [scene.ask("/"), scene.ask("/", "V: 1")];
  await eventually("two requests", () => scene.asked.length === 2);
  for (const [i, connection] of scene.asked.entries()) {
    connection.send(ok(scene.heads[i]!.split(" ")[1], FRESH));
  }
  assert.deepEqual((await Promise.all(two)).map(({ body }) => body), ["/", "/b/"]);
});

test("who has waited for lock_timeout asks the server", async (t) => {
  const scene = await openSlowScene(t, { cache: { lock_timeout: "50ms" } });
  const clients = await crowd(scene, 3);
  await eventually("two more requests", () => scene.asked.length === 3);
  for (const connection of scene.asked.slice(1)) connection.send(ok("own", FRESH));
  assert.ok((await all(clients.slice(1))).every(({ body }) => body === "own"));
  scene.asked[0]!.send(ok("late", FRESH));
  assert.equal(read(await clients[0]!.untilClosed()).body, "late");
});

test("an answer that began and does not end is waited for once", async (t) => {
  const scene = await openSlowScene(t, { cache: { lock_timeout: "1s" } });
  const clients = await crowd(scene, 2);
  const endless = `HTTP/1.1 200 OK\r\n${FRESH}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n`;
  scene.asked[0]!.send(endless);
  await eventually("the second to ask", () => scene.asked.length === 2);
  scene.asked[1]!.send(endless);
  await eventually("the second to get some", () => clients[1]!.received.includes("\r\nx"));
  const third = await scene.client();
  const before = performance.now();
  third.send(get("/"));
  await eventually("the third to ask", () => scene.asked.length === 3);
  assert.ok(performance.now() - before < 700);
});

test("with lock_timeout 0 nobody waits", async (t) => {
  const scene = await openSlowScene(t, { cache: { lock_timeout: "0s" } });
  const two = [scene.ask(), scene.ask()];
  await eventually("two requests", () => scene.asked.length === 2);
  for (const connection of scene.asked) connection.send(ok("x", FRESH));
  await Promise.all(two);
});

test("those who want another variant go on when the head says so", async (t) => {
  const scene = await openSlowScene(t);
  const ask = (value: string) => scene.ask("/", `V: ${value}`);
  const one = ask("1");
  await eventually("a request", () => scene.asked.length === 1);
  const others = [ask("1"), ask("2"), ask("2"), ask("2")];
  await eventually("all to have asked", () => underWay(scene.proxy) === 5);
  scene.asked[0]!.send(ok("one", FRESH, "Vary: V"));
  await eventually("one more request", () => scene.asked.length === 2);
  assert.match(scene.heads[1]!, /\r\nV: 2\r\n/);
  scene.asked[1]!.send(ok("two", FRESH, "Vary: V"));
  const bodies = (await Promise.all([one, ...others])).map(({ body }) => body);
  assert.deepEqual(bodies, ["one", "one", "two", "two", "two"]);
  assert.equal(scene.heads.length, 2);
});

test("many who find a stale answer ask for it once", async (t) => {
  const scene = await openSlowScene(t);
  const first = scene.ask();
  await eventually("a request", () => scene.asked.length === 1);
  scene.asked[0]!.send(ok("x", FRESH, "Age: 9999", 'ETag: "a"'));
  await first;
  const many = Array.from({ length: 10 }, () => scene.ask());
  await eventually("all to have asked", () => underWay(scene.proxy) === 10);
  await eventually("one more request", () => scene.asked.length === 2);
  scene.asked[1]!.send(`HTTP/1.1 304 Not Modified\r\n${FRESH}\r\n\r\n`);
  assert.ok((await Promise.all(many)).every(({ body }) => body === "x"));
  assert.equal(scene.heads.length, 2);
});

test("what is invalidated while it is under way is not kept, and those who wait ask anew", async (t) => {
  const scene = await openSlowScene(t);
  const clients = await crowd(scene, 3);
  scene.proxy.running.snapshot.cache!.invalidate("http://a.example/");
  const late = scene.ask();
  await eventually("a new request", () => scene.asked.length === 2);
  scene.asked[0]!.send(ok("old", FRESH));
  scene.asked[1]!.send(ok("new", FRESH));
  assert.equal((await late).body, "new");
  const [first, ...others] = await all(clients);
  assert.equal(first!.body, "old");
  assert.ok(others.every(({ body }) => body === "new"));
  assert.equal((await scene.ask()).body, "new");
});

test("clients that are stopped with the proxy leave nothing behind", async (t) => {
  const scene = await openSlowScene(t);
  await crowd(scene, 5);
  await scene.proxy.stop();
  assert.equal(underWay(scene.proxy), 0);
});

test("answers without a length that do not end leave room for others, as long as they are short", async (t) => {
  const scene = await openCacheScene(
    t,
    (head) =>
      head.startsWith("GET /endless")
        ? `HTTP/1.1 200 OK\r\n${FRESH}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n`
        : ok("x".repeat(1000), FRESH),
    { config: { cache: { size: "1MiB", object_size: "256KiB" } } },
  );
  for (let i = 0; i < 4; i++) {
    const client = await scene.client();
    client.send(get(`/endless${i}`));
    await eventually("some of it", () => client.received.includes("\r\nx"));
  }
  await scene.ask("/other");
  assert.match((await scene.ask("/other")).field("Cache-Status")!, /hit/);
});

test("an answer without a length takes as much room as it has come, and leaves it", async (t) => {
  const body = "x".repeat(100_000);
  const chunked = `HTTP/1.1 200 OK\r\n${FRESH}\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n${body}\r\n`;
  const scene = await openSlowScene(t);
  const { cache } = scene.proxy.running.snapshot;
  const half = cache!.config.size / 2;
  const [client] = await crowd(scene, 1);
  scene.asked[0]!.send(chunked);
  await eventually("all but its end", () => client!.received.endsWith("x\r\n"));
  assert.equal(cache!.reserve(half - 100_000 + 1), false);
  scene.asked[0]!.send("0\r\n\r\n");
  await client!.untilClosed();
  assert.equal(cache!.objects, 1);
  assert.equal(cache!.reserve(half), true);
});
