// max_requests: how many requests a server gets from one probe to the next.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { roundTrip } from "../support/raw-client.ts";
import { ask, closedPort, HealthServer, startHealthProxy } from "./health-scene.ts";
import { get } from "./scene.ts";

/** Probes at the start, and then not again for the whole test. */
const ONCE = { interval: "1h", fast_interval: "1h" };

test("a server that had its max_requests is passed over, and all spent are a 503 with Retry-After", async (t) => {
  const [one, two] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  const proxy = await startHealthProxy(t, [one, { url: two.url, max_requests: 3 }], {
    check: ONCE,
    max_requests: 1,
  });
  for (let i = 0; i < 4; i++) assert.equal(await ask(proxy), 200);
  assert.deepEqual([one.requests.length, two.requests.length], [1, 3]);
  const answer = await roundTrip(proxy.port, get("/", "Connection: close"));
  assert.match(answer, /^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\n/is);
  const { reason, detail } = await proxy.access(4);
  assert.equal(reason, "no_server");
  assert.match(String(detail), /0 of 2 servers are available/);
  assert.deepEqual([one.requests.length, two.requests.length], [1, 3]);
});

for (
  const balance of [
    "roundrobin",
    "leastconn",
    "random",
    "first",
    "priority",
    "best",
    "latency",
    "load_aware",
    "hash",
  ]
) {
  test(`${balance} passes spent servers over, and gives each all that it may have`, async (t) => {
    const servers = [
      await HealthServer.listen(t),
      await HealthServer.listen(t),
      await HealthServer.listen(t),
    ];
    const proxy = await startHealthProxy(t, servers, { check: ONCE, max_requests: 4, balance });
    for (let i = 0; i < 12; i++) assert.equal(await ask(proxy), 200);
    assert.equal(await ask(proxy), 503);
    assert.deepEqual(servers.map(({ requests }) => requests.length), [4, 4, 4]);
  });
}

test("each result of a probe gives a server its max_requests anew, whether it passed or not", async (t) => {
  const server = await HealthServer.listen(t);
  const proxy = await startHealthProxy(t, [server], { max_requests: 1, check: { fall: 1000 } });
  for (let count = 1; count <= 3; count++) {
    await eventually("an answer", async () => await ask(proxy) === 200);
    assert.equal(server.requests.length, count);
  }
  server.probed = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
  for (let count = 4; count <= 6; count++) {
    await eventually("an answer", async () => await ask(proxy) === 200);
    assert.equal(server.requests.length, count);
  }
});

test("a server between two probes never gets more than its max_requests, however many come at once", async (t) => {
  const server = await HealthServer.listen(t);
  const proxy = await startHealthProxy(t, [server], { check: ONCE, max_requests: 7 });
  const statuses = await Promise.all(Array.from({ length: 20 }, () => ask(proxy)));
  assert.equal(statuses.filter((status) => status === 200).length, 7);
  assert.equal(statuses.filter((status) => status === 503).length, 13);
  assert.equal(server.requests.length, 7);
});

test("a spent server is not waited for while another one is full", async (t) => {
  const [spent, full] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  full.asked = undefined;
  const proxy = await startHealthProxy(t, [{ url: spent.url, max_requests: 1 }, {
    url: full.url,
    max_connections: 1,
  }], { check: ONCE, balance: "first", timeouts: { queue: "50ms", response: "1s" } });
  assert.equal(await ask(proxy), 200);
  const hanging = ask(proxy);
  await eventually("the hanging request", () => full.requests.length === 1);
  assert.equal(await ask(proxy), 503);
  assert.equal((await proxy.access(1))["reason"], "queue_timeout");
  assert.equal(spent.requests.length, 1);
  assert.equal(await hanging, 504);
});

test("a retry counts, and a spent server is no reason for one", async (t) => {
  const server = await HealthServer.listen(t);
  const proxy = await startHealthProxy(t, [await closedPort(), { url: server.url, max_requests: 1 }], {
    check: { ...ONCE, fall: 1000, enabled: true },
    panic_threshold: 1,
    balance: "first",
    ejection: { enabled: false },
    retries: { attempts: 3 },
  });
  assert.equal(await ask(proxy), 200);
  assert.equal(await ask(proxy), 502);
  assert.deepEqual([(await proxy.access(0))["attempts"], (await proxy.access(1))["attempts"]], [2, 1]);
  assert.equal((await proxy.access(1))["reason"], "connect_refused");
});

test("a backend does not count a spent server as available", async (t) => {
  const server = await HealthServer.listen(t);
  const proxy = await startHealthProxy(t, [server], { check: ONCE, max_requests: 2 });
  assert.equal(await ask(proxy), 200);
  const [backend] = proxy.running.snapshot.backends.values();
  assert.deepEqual(backend!.servers.map(({ spent }) => spent), [false]);
  assert.equal(await ask(proxy), 200);
  assert.deepEqual(backend!.servers.map(({ spent }) => spent), [true]);
  assert.deepEqual(backend!.available, []);
});
