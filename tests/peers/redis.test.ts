// Rate limits that several proxies share in a real Redis, and what becomes of them where it fails.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { RawServer } from "../support/raw-server.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { get, ok } from "../integration/scene.ts";
import { programPath, sayMissing } from "./commands.ts";
import { Redis } from "./redis.ts";

const skip = programPath("redis-server") === undefined ? sayMissing("redis-server") : false;

type Table = Record<string, unknown>;
/** How long a request may take beyond its bound, on a machine that does other things as well. */
const SLACK_MS = 400;

/** A Redis and proxies that have these limits in it. */
async function openShared(t: TestContext, limit: Table | Table[], proxies = 2) {
  const redis = await Redis.start();
  const server = await RawServer.answering(ok("x"));
  const withStore = (one: Table) => ({ store: redis.url, ...one });
  const started: TestProxy[] = [];
  for (let i = 0; i < proxies; i++) {
    const frontend = { rate_limit: Array.isArray(limit) ? limit.map(withStore) : withStore(limit) };
    started.push(await startTestProxy({ servers: [server.port], frontend }));
    await eventually("its connection to Redis", () => upOf(started[i]!) === 1);
  }
  t.after(async () => {
    for (const proxy of started) await proxy.stop();
    await server.close();
    await redis.stop();
  });
  return { redis, server, proxies: started };
}

/** A connection that asks again and again. */
async function openClient(proxy: TestProxy, t: TestContext) {
  const client = await RawClient.open(proxy.port);
  t.after(() => client.close());
  return {
    client,
    /** The status of one more request, and how long it took in ms. */
    async ask(...lines: string[]): Promise<{ status: number; ms: number; text: string }> {
      client.received = "";
      const started = performance.now();
      client.send(get("/", ...lines));
      await client.until("\r\n\r\n");
      const [head = ""] = client.received.split("\r\n\r\n");
      const length = Number(/^content-length: (\d+)\r?$/im.exec(head)![1]);
      await eventually("the body", () => client.received.length >= head.length + 4 + length);
      return {
        status: Number(head.split(" ")[1]),
        ms: performance.now() - started,
        text: client.received,
      };
    },
  };
}

/** Has each proxy asked as fast as it can for so long; resolves with how many requests each let through, and with the time. */
async function flood(t: TestContext, proxies: readonly TestProxy[], ms: number) {
  const passed = proxies.map(() => 0);
  const started = performance.now();
  let last = started;
  await Promise.all(proxies.map(async ({ port }, i) => {
    const client = await RawClient.open(port);
    t.after(() => client.close());
    const batch = get().repeat(5);
    await new Promise<void>((resolve) => {
      client.socket.on("data", () => {
        const statuses = client.received.match(/HTTP\/1\.1 (?:200|429)[^]*?\r\n\r\n/g) ?? [];
        if (statuses.length < 5) return;
        client.received = "";
        passed[i]! += statuses.filter((head) => head.startsWith("HTTP/1.1 200")).length;
        last = performance.now();
        if (last - started > ms) resolve();
        else client.send(batch);
      });
      client.send(batch);
    });
  }));
  return { passed, seconds: (last - started) / 1000 };
}

const upOf = (proxy: TestProxy) =>
  [...proxy.running.snapshot.stageMetrics.samples()]
    .find(({ name }) => name === "sluice_rate_limit_store_up")!.value;
const named = (proxy: TestProxy, event: string) => proxy.events.filter((its) => its.event === event).length;

test("two proxies share one limit in Redis within 2 %", { skip }, async (t) => {
  const { proxies } = await openShared(t, { rate: "20/s", burst: 200, by: "route", store_timeout: "2s" });
  const { passed, seconds } = await flood(t, proxies, 2000);
  const wanted = 200 + 20 * seconds;
  const sum = passed[0]! + passed[1]!;
  assert.ok(passed.every((count) => count > 0), String(passed));
  assert.ok(Math.abs(sum - wanted) < 0.02 * wanted, `${sum} of ${wanted}`);
  t.diagnostic(`${passed.join(" + ")} = ${sum} of ${wanted.toFixed(1)}`);
});

test("limits in Redis: all let a request through or none takes a token, and answers say what is left", {
  skip,
}, async (t) => {
  const { proxies: [one, other] } = await openShared(t, [
    { rate: "2/h", by: "header(x-key)", name: "key" },
    { rate: "3/h", burst: 4, name: "client" },
    { rate: "1/h", name: "dry", dry_run: true },
    { rate: "100/h", name: "own", store: undefined },
  ]);
  const [a, b] = [await openClient(one!, t), await openClient(other!, t)];
  const first = await a.ask("X-Key: 1");
  assert.match(
    first.text,
    /^RateLimit: "own";r=99;t=3[67], "key";r=1;t=1800, "client";r=3;t=1200, "dry";r=0;t=3600\r$/m,
  );
  assert.equal((await b.ask("X-Key: 1")).status, 200);
  const refused = await a.ask("X-Key: 1");
  assert.equal(refused.status, 429);
  assert.match(refused.text, /^Retry-After: 1800\r$/m);
  assert.match(refused.text, /"key";r=0;t=1800, "client";r=2;t=2400/);
  assert.match((await a.ask("X-Key: 2")).text, /"own";r=98;/); // the refused one gave it back
  assert.deepEqual([(await b.ask("X-Key: 3")).status, (await b.ask("X-Key: 4")).status], [200, 429]);
});

const FAILURES: [mode: string, status: string][] = [["local", "200,429"], ["open", "200"], ["closed", "503"]];
for (const [mode, wanted] of FAILURES) {
  test(
    `a Redis that is killed: on_store_failure = "${mode}" counts until it is back`,
    { skip },
    async (t) => {
      const limit = { rate: "1/h", burst: 10, by: "route", on_store_failure: mode };
      const { redis, proxies: [proxy] } = await openShared(t, limit, 1);
      const { ask } = await openClient(proxy!, t);
      assert.equal((await ask()).status, 200);
      assert.equal(upOf(proxy!), 1);
      await redis.kill();
      await eventually("the proxy to notice", () => upOf(proxy!) === 0);
      const found = new Set<number>();
      for (let i = 0; i < 20; i++) {
        const { status, ms } = await ask();
        assert.ok(ms < 100 + SLACK_MS, `${ms} ms`);
        found.add(status);
      }
      assert.equal([...found].sort().join(), wanted);
      assert.equal(named(proxy!, "limit_store_down"), 1);
      await redis.start();
      await eventually("the store to be back", () => upOf(proxy!) === 1);
      assert.equal((await ask()).status, 200);
      assert.equal(named(proxy!, "limit_store_up"), 1);
    },
  );
}

test("local buckets begin as those in Redis were, and a dry run keeps its own count", { skip }, async (t) => {
  const { redis, proxies: [proxy] } = await openShared(t, [
    { rate: "3/h", name: "shared" },
    { rate: "1/h", name: "dry", dry_run: true, store: undefined },
  ], 1);
  const { ask } = await openClient(proxy!, t);
  assert.deepEqual([(await ask()).status, (await ask()).status], [200, 200]);
  await redis.kill();
  await eventually("the proxy to notice", () => upOf(proxy!) === 0);
  assert.deepEqual([(await ask()).status, (await ask()).status, (await ask()).status], [200, 429, 429]);
  const dry = [...proxy!.running.snapshot.stageMetrics.samples()]
    .find(({ labels }) => labels["result"] === "would_refuse" && labels["limit"] === "dry")!;
  assert.equal(dry.value, 4);
});

test(
  "a limit that is made smaller, and keeps its name, has nobody wait for the old one",
  { skip },
  async (t) => {
    const { redis, server, proxies: [proxy] } = await openShared(t, { rate: "1/d", burst: 2, name: "x" }, 1);
    const { ask } = await openClient(proxy!, t);
    assert.deepEqual([(await ask()).status, (await ask()).status, (await ask()).status], [200, 200, 429]);
    const rate_limit = { rate: "1/min", name: "x", store: redis.url };
    await proxy!.running.reload(validateConfig({
      frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app", rate_limit }],
      backends: { app: { servers: [`http://127.0.0.1:${server.port}`] } },
    }));
    const refused = await ask();
    assert.match(refused.text, /^HTTP\/1.1 429 [^]*^Retry-After: 60\r$/m);
  },
);

test("a reload that names a store no more has it answer those who wait for it first", { skip }, async (t) => {
  const limit = { rate: "2/h", store_timeout: "10s", on_store_failure: "closed" };
  const { redis, server, proxies: [proxy] } = await openShared(t, limit, 1);
  const { ask } = await openClient(proxy!, t);
  assert.equal((await ask()).status, 200);
  redis.signal("SIGSTOP");
  t.after(() => redis.signal("SIGCONT"));
  const asked = ask();
  await new Promise((resolve) => setTimeout(resolve, 50)); // nothing shows that it waits
  await proxy!.running.reload(validateConfig({
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app" }],
    backends: { app: { servers: [`http://127.0.0.1:${server.port}`] } },
  }));
  redis.signal("SIGCONT");
  assert.match((await asked).text, /^HTTP\/1.1 200 [^]*^RateLimit: "2\/h";r=0;/m);
  await eventually(
    "the connection to be closed",
    async () => /connected_clients:(\d+)/.exec(await redis.info("clients"))![1] === "1",
  );
});

test("a Redis that stands still: no request waits longer than store_timeout, and then none does", {
  skip,
}, async (t) => {
  const limit = { rate: "1/h", burst: 100_000, by: "route", store_timeout: "200ms" };
  const { redis, server, proxies: [proxy] } = await openShared(t, limit, 1);
  const clients = await Promise.all(Array.from({ length: 8 }, () => openClient(proxy!, t)));
  await clients[0]!.ask();
  redis.signal("SIGSTOP");
  t.after(() => redis.signal("SIGCONT"));
  const leaves = await RawClient.open(proxy!.port);
  leaves.send(get("/gone"));
  leaves.reset();
  const waits = await Promise.all(clients.map(({ ask }) => ask()));
  for (const { status, ms } of waits) {
    assert.equal(status, 200);
    assert.ok(ms > 150 && ms < 200 + SLACK_MS, `${ms} ms`);
  }
  for (let i = 0; i < 50; i++) {
    const { status, ms } = await clients[i % 8]!.ask();
    assert.equal(status, 200);
    assert.ok(ms < SLACK_MS, `${ms} ms`);
  }
  assert.equal(named(proxy!, "limit_store_down"), 1);
  assert.ok(!server.connections.some(({ received }) => received.includes("/gone")));
  redis.signal("SIGCONT");
  await eventually("the store to be back", () => upOf(proxy!) === 1);
  assert.equal((await clients[0]!.ask()).status, 200);
});

test("a Redis that forgets the script gets it again", { skip }, async (t) => {
  const { redis, proxies: [proxy] } = await openShared(t, { rate: "1/h", burst: 2 }, 1);
  const { ask } = await openClient(proxy!, t);
  assert.equal((await ask()).status, 200);
  assert.equal(await redis.ask("SCRIPT FLUSH"), "+OK");
  assert.deepEqual([(await ask()).status, (await ask()).status], [200, 429]);
  assert.equal(named(proxy!, "limit_store_down"), 0);
});

test("a Redis that is not there when the proxy starts: requests are decided, and it is used once it is", {
  skip,
}, async (t) => {
  const { redis, server } = await openShared(t, {}, 0);
  await redis.kill();
  const frontend = { rate_limit: { rate: "1/h", burst: 1, store: redis.url } };
  const proxy = await startTestProxy({ servers: [server.port], frontend });
  t.after(() => proxy.stop());
  const { ask } = await openClient(proxy!, t);
  const first = await ask();
  assert.equal(first.status, 200);
  assert.ok(first.ms < 100 + SLACK_MS, `${first.ms} ms`);
  assert.equal((await ask()).status, 429); // by the local bucket
  await redis.start();
  await eventually("the store to be there", () => upOf(proxy!) === 1);
  assert.deepEqual([(await ask()).status, (await ask()).status], [200, 429]);
});

test("a reload keeps the connection to a store that is named as before, and closes one that is not", {
  skip,
}, async (t) => {
  const { redis, server, proxies: [proxy] } = await openShared(t, { rate: "2/h", name: "x" }, 1);
  const { ask } = await openClient(proxy!, t);
  /** Connections that Redis has, this question's among them. */
  const connections = async () => Number(/connected_clients:(\d+)/.exec(await redis.info("clients"))![1]);
  const reload = (stages: Table) =>
    proxy!.running.reload(validateConfig({
      frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app", ...stages }],
      backends: { app: { servers: [`http://127.0.0.1:${server.port}`] } },
    }));
  assert.equal((await ask()).status, 200);
  assert.equal(await connections(), 2);
  await reload({ rate_limit: { rate: "2/h", name: "x", headers: false, store: redis.url } });
  assert.deepEqual([(await ask()).status, (await ask()).status], [200, 429]);
  assert.equal(await connections(), 2);
  await reload({});
  await eventually("the connection to be closed", async () => await connections() === 1);
  assert.equal((await ask()).status, 200);
  assert.equal(named(proxy!, "limit_store_down"), 0);
});

test("a Redis that refuses to run the script counts as down, and says so once", { skip }, async (t) => {
  const { redis, proxies: [proxy] } = await openShared(t, { rate: "1/h", burst: 1 }, 1);
  assert.equal(await redis.ask("REPLICAOF 127.0.0.1 1"), "+OK"); // which may not be written to
  const { ask } = await openClient(proxy!, t);
  assert.deepEqual([(await ask()).status, (await ask()).status], [200, 429]);
  assert.match(
    String(proxy!.events.find(({ event }) => event === "limit_store_down")?.fields["cause"]),
    /read only/i,
  );
  assert.equal(await redis.ask("REPLICAOF NO ONE"), "+OK");
  await eventually("the store to be there", () => upOf(proxy!) === 1);
  assert.deepEqual([named(proxy!, "limit_store_down"), named(proxy!, "limit_store_up")], [1, 1]);
});
