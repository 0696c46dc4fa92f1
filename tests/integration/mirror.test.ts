// Copies of requests to a second backend, which can neither slow nor fail the first.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { bodyOf, dechunk, get, messagesIn, ok, post } from "./scene.ts";

interface MirrorScene {
  readonly first: RawServer;
  readonly second: RawServer;
  readonly proxy: TestProxy;
  readonly client: RawClient;
}

/** A proxy whose one route goes to `first` and is copied to `second`. */
async function open(
  t: TestContext,
  mirror: Record<string, unknown> = {},
  second: string | "silent" = ok("copy"),
  keys: Record<string, unknown> = {},
): Promise<MirrorScene> {
  const servers = [
    await RawServer.answering(ok("fine")),
    second === "silent" ? await RawServer.listen() : await RawServer.answering(second),
  ];
  const proxy = await startTestProxy({
    servers: [servers[0]!.port],
    frontend: { routes: [{ backend: "app", mirror: { backend: "shadow", ...mirror }, ...keys }] },
    config: {
      backends: Object.fromEntries(["app", "shadow"].map((name, i) => [name, {
        servers: [`http://127.0.0.1:${servers[i]!.port}`],
        retries: { attempts: 1 },
      }])),
    },
  });
  const client = await RawClient.open(proxy.port);
  t.after(async () => {
    client.close();
    await proxy.stop();
    await Promise.all(servers.map((server) => server.close()));
    await eventually("nothing in flight", () => proxy.inFlight() === 0);
  });
  return { first: servers[0]!, second: servers[1]!, proxy, client };
}

const fines = (client: RawClient) => client.received.split("fine").length - 1;

test("a mirror gets the same request, by the same name, and its answer is thrown away", async (t) => {
  const { first, second, client, proxy } = await open(t, {}, ok("copy"), { strip_prefix: "/api" });
  client.send(get("/api/x?q", "X-A: 1", "X-Request-Id: id-1"));
  await client.until("fine");
  await eventually("the copy", () => messagesIn(second.received) === 1);
  assert.equal(second.received, first.received);
  assert.match(second.received, /^GET \/x\?q .*\r\nX-Request-Id: id-1\r\n/s);
  assert.doesNotMatch(client.received, /copy/);
  assert.equal(proxy.accesses.length, 1);
});

test("a mirror gets bodies up to its limit, whole, and no longer ones", async (t) => {
  const { second, client } = await open(t, { body_limit: "1KiB" });
  client.send(post("x".repeat(1024)));
  await client.until("fine");
  await eventually("the copy", () => bodyOf(second.received).length === 1024);
  client.send(post("y".repeat(1025)));
  client.send(
    "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n" + "z".repeat(1025) +
      "\r\n0\r\n\r\n",
  );
  client.send("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  await eventually("all answers", () => fines(client) === 4);
  await eventually("the last copy", () => second.received.endsWith("abc"));
  assert.doesNotMatch(second.received, /yy|zz|\/chunks/);
  assert.match(second.received, /POST \/small .*\r\nContent-Length: 3\r\n/s);
});

test("an upload that breaks off is not copied", async (t) => {
  const { second, first, client, proxy } = await open(t);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  await eventually("the beginning", () => first.received.endsWith("abc"));
  client.close();
  await proxy.access(0);
  const other = await RawClient.open(proxy.port);
  other.send(get("/next"));
  await other.until("fine");
  await eventually("the next copy", () => messagesIn(second.received) === 1);
  assert.match(second.received, /^GET \/next /);
  other.close();
});

test("a mirror that never answers holds up nothing, and gets max_pending copies at a time", async (t) => {
  const { second, client, proxy } = await open(t, { max_pending: 3 }, "silent");
  for (let i = 0; i < 20; i++) client.send(get(`/${i}`));
  await eventually("all answers", () => fines(client) === 20);
  await eventually("three copies", () => messagesIn(second.received) === 3);
  assert.equal(proxy.running.snapshot.backends.get("shadow")!.inFlight, 3);
  await proxy.stop();
  await eventually("the copies are given up", () => proxy.inFlight() === 0);
});

for (
  const [what, answer] of [["breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"], [
    "is no HTTP",
    "!\r\n\r\n",
  ]]
) {
  test(`a mirror whose answer ${what} harms nobody`, async (t) => {
    const { second, client, proxy } = await open(t, {}, answer);
    client.send(get("/1"));
    await client.until("fine");
    await eventually("the copy", () => second.connections.length === 1);
    second.connections[0]!.socket.end();
    client.send(get("/2"));
    await eventually("the second answer", () => fines(client) === 2);
    assert.deepEqual(
      proxy.accesses.map(({ reason, server }) => [reason, server]),
      [["ok", "app"], ["ok", "app"]].map(
        ([reason]) => [reason, proxy.running.snapshot.backends.get("app")!.servers[0]!.name],
      ),
    );
    await eventually("no copy in flight", () => {
      for (const { socket } of second.connections) socket.end();
      return proxy.inFlight() === 0;
    });
  });
}

test("a mirror with a share of 0 gets nothing, and one of a half about every second request", async (t) => {
  const { second, client } = await open(t, { share: 0 });
  for (let i = 0; i < 20; i++) client.send(get("/"));
  await eventually("all answers", () => fines(client) === 20);
  assert.equal(second.connections.length, 0);
  const half = await open(t, { share: 0.5, max_pending: 10_000 });
  for (let i = 0; i < 400; i++) half.client.send(get("/"));
  await eventually("all answers", () => fines(half.client) === 400);
  await eventually("no copy in flight", () => half.proxy.inFlight() === 0);
  const copies = messagesIn(half.second.received);
  assert.ok(copies > 140 && copies < 260, `${copies} of 400`); // 6 standard deviations
});

test("an answer to a copy that is longer than 1 MiB is broken off", async (t) => {
  const { second, client, proxy } = await open(
    t,
    {},
    `HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n${"x".repeat(2_000_000)}`,
  );
  client.send(get("/"));
  await client.until("fine");
  await eventually("its connection is closed", () => second.connections[0]?.closed);
  await eventually("no copy in flight", () => proxy.inFlight() === 0);
});

test("a mirror needs a backend that there is", () => {
  const config = {
    frontends: [{ bind: ":0", routes: [{ backend: "app", mirror: { backend: "shadw" } }] }],
    backends: { app: { servers: ["http://a"] }, shadow: { servers: ["http://b"] } },
  };
  assert.throws(() => validateConfig(config), /mirror\.backend: is "shadw"; .*did you mean "shadow"\?/);
});

for (const size of [60_000, 200_000, 1_000_000]) {
  test(`a mirror copies ${size} bytes in chunks without harm to the request`, async (t) => {
    const { first, second, client } = await open(t, { body_limit: "1MiB" });
    const chunk = "c".repeat(size / 10);
    const size16 = chunk.length.toString(16);
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (let i = 0; i < 10; i++) client.send(`${size16}\r\n${chunk}\r\n`);
    client.send("0\r\n\r\n");
    await client.until("fine");
    await eventually("the copy", () => bodyOf(second.received).length >= size);
    assert.equal(bodyOf(second.received), "c".repeat(size));
    assert.equal(dechunk(bodyOf(first.received)).body.length, size);
  });
}

test("requests that fail use up no place for copies", async (t) => {
  const { first, second, client, proxy } = await open(t, { max_pending: 2 }, ok("copy"), {
    response_timeout: "20ms",
  });
  const { port } = first;
  await first.close();
  for (let i = 0; i < 4; i++) {
    assert.match(await roundTrip(proxy.port, post("abc", "Connection: close")), /^HTTP\/1\.1 502 /);
  }
  const again = await RawServer.answering(ok("fine"), { port });
  t.after(() => again.close());
  client.send(post("the last"));
  await client.until("fine");
  await eventually("its copy", () => second.received.endsWith("the last"));
});
