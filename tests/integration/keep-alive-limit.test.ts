// Servers close what is unused after a time that they seldom tell; what may not be sent twice must not meet that moment.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { LoadClient } from "../support/load-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestConfig } from "../support/test-proxy.ts";
import { ok } from "./scene.ts";

const POST = "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi";
const LONG = "x".repeat(70_000);
/** May be sent twice, but its body is not kept for that. */
const LONG_PUT = `PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${LONG.length}\r\n\r\n${LONG}`;

interface LimitScene {
  readonly server: RawServer;
  /** Sends a request, on a connection that stays; returns the status of its answer. */
  ask(request: string): Promise<number>;
}

/** A server that closes what was unused for `limitMs`, without a word of it. `lines` stand in its answers. */
async function openLimitScene(
  t: TestContext,
  limitMs: number,
  { lines = [], entry, ...config }: Omit<TestConfig, "servers"> & {
    lines?: string[];
    entry?: Record<string, unknown>;
  } = {},
): Promise<LimitScene> {
  const timers = new Map<RawConnection, ReturnType<typeof setTimeout>>();
  const server = await RawServer.listen({
    onData(connection) {
      clearTimeout(timers.get(connection));
      const [head, body] = connection.received.split("\r\n\r\n");
      const length = Number(/Content-Length: (\d+)/.exec(head!)?.[1] ?? 0);
      if (body === undefined || body.length < length) return;
      connection.received = "";
      connection.send(ok("", ...lines));
      timers.set(connection, setTimeout(() => connection.close(), limitMs));
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  const proxy = await startTestProxy({ servers: [{ url, ...entry }], ...config });
  const client = new LoadClient(proxy.port);
  t.after(async () => {
    client.close();
    await proxy.stop();
    for (const timer of timers.values()) clearTimeout(timer);
    await server.close();
  });
  return { server, ask: async (request) => (await client.ask(request)).status };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const KINDS: [what: string, request: string][] = [["a POST", POST], ["a PUT too long to be kept", LONG_PUT]];
for (const [what, request] of KINDS) {
  test(`${what} that comes when its server closes what is unused is not lost`, async (t) => {
    const limitMs = 120;
    const { ask } = await openLimitScene(t, limitMs);
    const statuses: number[] = [];
    for (let i = -6; i <= 6; i++) {
      statuses.push(await ask(request));
      await pause(limitMs + i);
    }
    assert.deepEqual(new Set(statuses), new Set([200]));
  });
}

test("POSTs share connections once it is known how long their server keeps them", async (t) => {
  const { server, ask } = await openLimitScene(t, 60_000);
  await ask(POST);
  await pause(100);
  await ask(POST);
  for (let i = 0; i < 20; i++) await ask(POST);
  assert.equal(server.connections.length, 2); // the first stays unused: it shows how long the server keeps one
});

test("a POST uses a connection whose server said how long it keeps it", async (t) => {
  const { server, ask } = await openLimitScene(t, 60_000, { lines: ["Keep-Alive: timeout=60"] });
  for (let i = 0; i < 5; i++) await ask(POST);
  assert.equal(server.connections.length, 1);
});

test("a GET uses what is unused, however long its server will keep it", async (t) => {
  const { server, ask } = await openLimitScene(t, 60_000);
  for (let i = 0; i < 5; i++) await ask("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  assert.equal(server.connections.length, 1);
});

test("POSTs share a connection though pool.max_idle keeps only one", async (t) => {
  const { server, ask } = await openLimitScene(t, 60_000, { backend: { pool: { max_idle: 1 } } });
  await ask(POST);
  await pause(100);
  await eventually("a POST to share a connection", async () => {
    const opened = server.connections.length;
    await ask(POST);
    return server.connections.length === opened;
  });
});

test("a POST takes the place of an unused connection where max_connections leaves no other", async (t) => {
  const { server, ask } = await openLimitScene(t, 60_000, { entry: { max_connections: 1 } });
  for (let i = 0; i < 3; i++) assert.equal(await ask(POST), 200);
  assert.equal(server.connections.length, 3);
});
