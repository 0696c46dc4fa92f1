// What goes wrong on purpose.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../src/base/errors.ts";
import { explainRequest } from "../../src/explain/explain.ts";
import { describeFault, faultStage } from "../../src/proxy/fault.ts";
import type { IncomingRequest } from "../../src/message/incoming-request.ts";
import { Exchange } from "../../src/message/exchange.ts";
import { Clock } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import { get, ok, openScene } from "./scene.ts";

const CLOSE = "Connection: close";

test("fault answers in place of the server, which is not asked nor blamed", async (t) => {
  const { client, proxy, server } = await openScene(t, { answer: ok(), frontend: { fault: { abort: 418 } } });
  const c = await client();
  c.send(get("/", CLOSE));
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 418 [^]*fault_injected/);
  assert.equal((await proxy.access(0))["reason"], "fault_injected");
  assert.equal(server.connections.length, 0);
});

test("fault has a status of its own though the log uses it for clients that have left", async (t) => {
  const { client, proxy } = await openScene(t, { frontend: { fault: { abort: 499 } } });
  const c = await client();
  c.send(get("/", CLOSE));
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 499 [^]*fault_injected/);
  assert.equal((await proxy.access(0))["status"], 499);
});

test("fault keeps the client's connection open", async (t) => {
  const { client } = await openScene(t, { answer: ok(), frontend: { fault: { abort: 503 } } });
  const c = await client();
  c.send(get());
  await c.until("fault_injected");
  c.send(get("/", CLOSE));
  assert.equal((await c.untilClosed()).match(/^HTTP\/1\.1 503/gm)?.length, 2);
});

test("fault has requests wait, and then go on", async (t) => {
  const { client } = await openScene(t, { answer: ok("late"), frontend: { fault: { delay: "60ms" } } });
  const c = await client();
  const since = performance.now();
  c.send(get("/", CLOSE));
  assert.match(await c.untilClosed(), /200 OK[^]*late/);
  assert.ok(performance.now() - since >= 55);
});

test("fault has a request that cannot be sent answered after its wait", async (t) => {
  const route = { path_prefix: "/s", backend: "app", strip_prefix: "/s", add_prefix: "/t" };
  const { client } = await openScene(t, {
    frontend: { default_backend: undefined, routes: [{ ...route, fault: { delay: "1ms" } }] },
  });
  const c = await client();
  c.send(get("/s/../s/x", CLOSE)); // it would leave the prefix that is added
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 400 /);
});

test("fault lets a client that leaves while it waits go at once", async (t) => {
  const { client, proxy, server } = await openScene(t, {
    answer: ok(),
    frontend: { half_close: "abort", fault: { delay: "1h" } },
  });
  const c = await client();
  c.send(get());
  await eventually("the request", () => proxy.running.connections === 1);
  c.reset();
  assert.equal((await proxy.access(0))["reason"], "client_closed");
  assert.equal(server.connections.length, 0);
});

for (
  const [fault, reason] of [[{ abort: 503 }, "fault_injected"], [{ abort: 503, abort_share: 0.5 }, undefined]]
) {
  test(`explain says ${reason} of a request under ${JSON.stringify(fault)}`, async (t) => {
    const { proxy } = await openScene(t, { frontend: { fault } });
    const asked = { method: "GET", url: "http://a.example/", headers: [] };
    const { refused } = explainRequest(proxy.running.snapshot, asked, { frontend: "web" });
    assert.equal(refused?.reason, reason);
  });
}

function scene(draws: number[], config: Parameters<typeof faultStage>[0]) {
  const seen: string[] = [];
  const stage = faultStage(config, () => draws.shift()!);
  const handle = stage.around(() => void seen.push("through"));
  const peer = { address: "192.0.2.7", port: 1, secure: false };
  const exchange = new Exchange(peer, {
    method: "GET",
    target: "/",
    authority: "a.example",
    minorVersion: 1,
    startedAt: 0,
    fields: undefined,
  }, { inform() {} });
  handle({ exchange } as IncomingRequest, {
    onAnswer: () => void seen.push("answer"),
    onFailed: (_, error) => void seen.push(`${(error as ProxyError).kind} ${(error as ProxyError).status}`),
  });
  return { seen, exchange };
}

const DRAWS: [draws: number[], seen: string[]][] = [
  [[0.05, 0.9], []],
  [[0.1, 0.04], ["fault_injected 502"]],
  [[0.1, 0.05], ["through"]],
];
for (const [draws, seen] of DRAWS) {
  test(`faultStage() draws delay and abort apart: ${draws}`, (t) => {
    new Clock(t);
    const config = { delay: 200, delayShare: 0.1, abort: 502, abortShare: 0.05 };
    const { exchange, seen: now } = scene(draws, config);
    assert.deepEqual(now, seen);
    exchange.abort("client_closed", "gone");
  });
}

test("faultStage() has one timer for a request that waits, and none once it goes on or is given up", (t) => {
  const clock = new Clock(t);
  const waiting = scene([0], { delay: 200 });
  const leaving = scene([0], { delay: 200 });
  assert.equal(clock.timers, 2);
  leaving.exchange.abort("client_closed", "gone");
  assert.deepEqual(leaving.seen, ["client_closed 499"]);
  assert.equal(clock.timers, 1);
  clock.pass(200);
  assert.deepEqual(waiting.seen, ["through"]);
  waiting.exchange.abort("client_closed", "gone");
  assert.deepEqual(waiting.seen, ["through"]); // it waits no more
  assert.equal(clock.timers, 0);
});

test("describeFault() says what goes wrong and how often", () => {
  assert.equal(
    describeFault({ delay: 200, delayShare: 0.125, abort: 503 }),
    "12.5% wait 200ms, 100% are answered 503",
  );
});
