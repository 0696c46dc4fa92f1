// 200 servers and a black hole: nobody's probes wait for anybody else's, and they do not go out in step.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { ok, pathOf } from "./scene.ts";

const SERVERS = 200;
const INTERVAL = 400;
const HOLE = 100;

/** One listener that plays all servers, each with a path of its own; the black hole is silent after its first. */
async function open(t: TestContext, healthCheck: Record<string, unknown> = {}): Promise<{
  starts: { id: number; at: number }[];
  proxy: TestProxy;
  server: RawServer;
}> {
  const starts: { id: number; at: number }[] = [];
  const server = await RawServer.answering((head) => {
    const id = Number(pathOf(head).split("/")[1]);
    const isFirst = !starts.some((start) => start.id === id);
    starts.push({ id, at: performance.now() });
    return id === HOLE && !isFirst ? undefined : ok();
  });
  t.after(() => server.close());
  const proxy = await startTestProxy({
    servers: Array.from({ length: SERVERS }, (_, id) => `http://127.0.0.1:${server.port}/${id}`),
    backend: {
      health_check: { interval: `${INTERVAL}ms`, fast_interval: "50ms", timeout: "30s", ...healthCheck },
    },
  });
  t.after(() => proxy.stop());
  return { starts, proxy, server };
}

test("a black hole among 200 servers leaves the others their rhythm, spread over the interval", async (t) => {
  const { starts, server } = await open(t);
  assert.ok(starts.length >= SERVERS); // the first round came before listening
  const began = performance.now();
  const window = 5 * INTERVAL;
  await eventually("five intervals", () => performance.now() - began > window, 20_000);
  const counts = new Array<number>(SERVERS).fill(0);
  const slices = new Array<number>(10).fill(0);
  for (const { id, at } of starts) {
    if (at < began || at >= began + window) continue;
    counts[id]!++;
    slices[Math.floor((at - began) % INTERVAL / (INTERVAL / 10))]!++;
  }
  assert.equal(counts[HOLE], 1); // one that hangs; no second beside it
  const others = counts.filter((_, id) => id !== HOLE);
  assert.ok(Math.max(...others) <= 7);
  assert.ok(others.filter((count) => count >= 3).length >= 0.95 * others.length);
  const total = slices.reduce((sum, count) => sum + count);
  assert.ok(total >= 0.6 * 5 * (SERVERS - 1));
  assert.ok(Math.max(...slices) <= 0.5 * total); // all of them at once would be the whole
  assert.ok(server.open <= 20);
});

test("probes of 200 servers that fail at the start are spread as well", async (t) => {
  const { starts } = await open(t, { expected_status: "3xx" });
  const began = performance.now();
  await eventually("an interval and a half", () => performance.now() - began > 1.5 * INTERVAL, 20_000);
  const slices = new Array<number>(15).fill(0);
  for (const { id, at } of starts) {
    if (at >= began && id !== HOLE) slices[Math.min(14, Math.floor((at - began) / (INTERVAL / 10)))]!++;
  }
  assert.ok(Math.max(...slices) <= 0.5 * 1.5 * SERVERS);
});
