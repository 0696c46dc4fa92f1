// The policy "latency": everything goes to the server whose last passed probe was the shortest.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { ask, HealthServer, type Saying, startHealthProxy } from "./health-scene.ts";
import { ok } from "./scene.ts";

/** An answer that comes after `ms`: what makes a probe slow. */
function after(ms: number, answer = ok()): Saying {
  return (_, connection) => {
    setTimeout(() => connection.send(answer), ms);
    return undefined;
  };
}

test("latency sends all requests to the server with the shortest probe, and to another when that changes", async (t) => {
  const [near, far] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  far.probed = after(300);
  const proxy = await startHealthProxy(t, [far, near], { balance: "latency" });
  for (let i = 0; i < 8; i++) assert.equal(await ask(proxy), 200);
  assert.deepEqual([near.requests.length, far.requests.length], [8, 0]);
  near.probed = after(300);
  far.probed = ok();
  await eventually("requests to the other one", async () => {
    await ask(proxy);
    return far.requests.length > 0;
  });
});

test("latency goes on to the next fastest while the fastest is spent", async (t) => {
  const [near, far] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  far.probed = after(200);
  const proxy = await startHealthProxy(t, [far, { url: near.url, max_requests: 3 }], {
    balance: "fastest",
    check: { interval: "1h", fast_interval: "1h" },
  });
  for (let i = 0; i < 5; i++) assert.equal(await ask(proxy), 200);
  assert.deepEqual([near.requests.length, far.requests.length], [3, 2]);
});

test("latency does not count a probe that failed, however fast", async (t) => {
  const [near, failing] = [await HealthServer.listen(t), await HealthServer.listen(t)];
  near.probed = after(50);
  failing.probed = after(300);
  const proxy = await startHealthProxy(t, [failing, near], { balance: "latency", check: { fall: 1000 } });
  failing.probed = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
  const count = failing.probes.length;
  await eventually("failed probes", () => failing.probes.length > count + 3);
  for (let i = 0; i < 4; i++) assert.equal(await ask(proxy), 200);
  assert.deepEqual([near.requests.length, failing.requests.length], [4, 0]);
});
