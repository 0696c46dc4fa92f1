import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { UpstreamConnection } from "../../../src/upstream/connection.ts";
import { ConnectionPool, type PoolOptions } from "../../../src/upstream/pool.ts";
import { eventually } from "../../support/eventually.ts";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { RawServer } from "../../support/raw-server.ts";

/** A pool of connections to a server that answers everything. */
async function openPool(
  t: TestContext,
  options: Partial<PoolOptions> = {},
): Promise<{ pool: ConnectionPool; server: RawServer }> {
  const server = await RawServer.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const pool = poolTo(server.port, options);
  t.after(async () => {
    pool.close();
    await server.close();
  });
  return { pool, server };
}

function poolTo(port: number, options: Partial<PoolOptions>): ConnectionPool {
  return new ConnectionPool({
    destination: { host: "127.0.0.1", port },
    timeouts: { connect: 10_000, queue: 10_000, response: 10_000, idle: 10_000, keepAlive: 10_000 },
    maxIdle: 10,
    maxConnections: 0,
    limits: DEFAULT_LIMITS,
    ...options,
  });
}

/** Sends a GET on `connection`; when it resolves the connection is unused again, or gone. */
function ask(connection: UpstreamConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.send({
      method: "GET",
      head: "GET / HTTP/1.1\r\n\r\n",
      body: null,
      chunked: false,
      upgrade: undefined,
      onInformational() {},
      onAnswer() {},
      onFailed: reject,
      onDone: (error) => error === undefined ? resolve() : reject(error),
    });
  });
}

async function connect(pool: ConnectionPool): Promise<UpstreamConnection> {
  return (await pool.connect())!;
}

test("ConnectionPool.connect() has the next that waits dial where a dial failed", async () => {
  const gone = await RawServer.listen();
  await gone.close();
  const pool = poolTo(gone.port, { maxConnections: 1 });
  const began = performance.now();
  const results = await Promise.allSettled([pool.connect(), pool.connect(), pool.connect()]);
  assert.deepEqual(results.map((result) => result.status === "rejected" && result.reason.kind), [
    "connect_refused",
    "connect_refused",
    "connect_refused",
  ]);
  assert.ok(performance.now() - began < 9000);
  assert.deepEqual([pool.size, pool.waiting], [0, 0]);
});

test("ConnectionPool hands a connection that comes back to who waits for one", async (t) => {
  const { pool, server } = await openPool(t, { maxConnections: 1 });
  const first = await connect(pool);
  const second = pool.connect();
  assert.deepEqual([pool.size, pool.waiting], [1, 1]);
  await ask(first);
  assert.equal(await second, first);
  assert.deepEqual([pool.size, pool.waiting, server.connections.length], [1, 0, 1]);
});

test("ConnectionPool.connect() gives up with its signal, and leaves the queue", async (t) => {
  const { pool } = await openPool(t, { maxConnections: 1 });
  const first = await connect(pool);
  const abort = new AbortController();
  const second = pool.connect({ signal: abort.signal });
  const third = pool.connect();
  abort.abort();
  await assert.rejects(second, { kind: "client_closed" });
  assert.equal(pool.waiting, 1);
  await ask(first);
  assert.equal(await third, first);
});

test("ConnectionPool opens as many as it may, and counts those that are gone no more", async (t) => {
  const { pool, server } = await openPool(t, { maxConnections: 2 });
  const [first, second] = [await connect(pool), await connect(pool)];
  const third = pool.connect();
  assert.deepEqual([pool.size, pool.waiting], [2, 1]);
  server.connections[0]!.close();
  assert.ok(await third);
  assert.deepEqual([pool.size, pool.waiting], [2, 0]);
  await ask(second);
  assert.deepEqual([pool.takeIdle(), pool.takeIdle()], [second, undefined]);
  assert.notEqual(await third, first);
});

test("ConnectionPool forgets an unused connection that its server closed", async (t) => {
  const { pool, server } = await openPool(t);
  await ask(await connect(pool));
  assert.equal(pool.size, 1);
  server.connections[0]!.close();
  await eventually("the end of the connection", () => pool.size === 0);
  assert.equal(pool.takeIdle(), undefined);
  await ask(await connect(pool));
  const second = pool.takeIdle();
  assert.equal(second?.usable, true);
  pool.onIdle(second!);
});

test("ConnectionPool keeps max_idle connections, those that were used last", async (t) => {
  const { pool } = await openPool(t, { maxIdle: 2 });
  const connections = [await connect(pool), await connect(pool), await connect(pool)];
  for (const connection of connections) await ask(connection);
  assert.equal(pool.size, 2);
  assert.deepEqual([pool.takeIdle(), pool.takeIdle(), pool.takeIdle()], [
    connections[2],
    connections[1],
    undefined,
  ]);
  connections[1]!.putBack();
  connections[2]!.putBack();
});

test("ConnectionPool keeps max_idle connections also after its server has closed others", async (t) => {
  const { pool, server } = await openPool(t, { maxIdle: 2 });
  for (const connection of [await connect(pool), await connect(pool)]) await ask(connection);
  for (const connection of server.connections) connection.close();
  await eventually("the end of the connections", () => pool.size === 0);
  const connections = [await connect(pool), await connect(pool), await connect(pool)];
  for (const connection of connections) await ask(connection);
  assert.equal(pool.size, 2);
});

test("ConnectionPool.close() closes what is unused at once, and the rest as it comes back", async (t) => {
  const { pool } = await openPool(t);
  const [unused, used] = [await connect(pool), await connect(pool)];
  await ask(unused);
  pool.close();
  assert.deepEqual([pool.size, unused.usable], [1, false]);
  await ask(used);
  assert.deepEqual([pool.size, pool.takeIdle()], [0, undefined]);
});

test("ConnectionPool.moveTo() closes unused connections to addresses that the server has no more", async (t) => {
  const { pool } = await openPool(t);
  const [unused, used] = [await connect(pool), await connect(pool)];
  await ask(unused);
  pool.moveTo(new Set(["127.0.0.1"]));
  assert.equal(pool.size, 2);
  pool.moveTo(new Set(["192.0.2.1"]));
  assert.equal(pool.size, 1);
  await ask(used);
  assert.equal(pool.size, 0);
});
