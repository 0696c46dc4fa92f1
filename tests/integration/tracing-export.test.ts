// Nobody waits for a collector, whatever it does, and the last spans get there before the proxy ends.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { Collector } from "../support/collector.ts";
import { eventually } from "../support/eventually.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { get, ok, openScene } from "./scene.ts";

const CLOSE = "Connection: close";

function traced(endpoint: string, tracing: Record<string, unknown> = {}) {
  return { tracing: { endpoint, batch_delay: "1ms", ...tracing } };
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const gone = await RawServer.listen();
  await gone.close();
  return gone.port;
}

test("requests are served while no collector is there, which is said once, with the reason", async (t) => {
  const { proxy } = await openScene(t, {
    answer: ok(),
    config: traced(`http://127.0.0.1:${await freePort()}/?key=secret`),
  });
  for (let i = 0; i < 5; i++) assert.match(await roundTrip(proxy.port, get("/", CLOSE)), /200 OK/);
  const said = () => proxy.events.filter(({ event }) => event === "spans_not_sent");
  await eventually("the failure to be logged", () => said().length > 0);
  await proxy.stop();
  assert.equal(said().length, 1);
  assert.match(String(said()[0]!.fields!.cause), /refused/i);
  assert.doesNotMatch(JSON.stringify(said()), /secret/);
  assert.equal(proxy.running.spans.lost.get("unreachable"), 10);
});

test("a collector that comes up late gets what waits", async (t) => {
  const port = await freePort();
  const { proxy } = await openScene(t, { answer: ok(), config: traced(`http://127.0.0.1:${port}`) });
  await roundTrip(proxy.port, get("/", CLOSE));
  await eventually("the failure", () => proxy.events.some(({ event }) => event === "spans_not_sent"));
  const collector = await Collector.open(t, port);
  await collector.until(2);
  await eventually("the log to say so", () => proxy.events.some(({ event }) => event === "spans_sent_again"));
});

test("a collector that never answers holds up neither a request nor the end for long", async (t) => {
  const deaf = await RawServer.listen();
  t.after(() => deaf.close());
  const { proxy } = await openScene(t, { answer: ok(), config: traced(`http://127.0.0.1:${deaf.port}`) });
  assert.match(await roundTrip(proxy.port, get("/", CLOSE)), /200 OK/);
  await eventually("the export", () => deaf.received.includes("POST /v1/traces"));
  const began = performance.now();
  await proxy.stop();
  assert.ok(performance.now() - began < 4000);
  assert.equal(proxy.running.spans.lost.get("unreachable"), 2);
});

test("a collector that says 200 has taken the spans, though its answer never ends", async (t) => {
  const collector = await Collector.open(t);
  collector.answer = (response) => void response.writeHead(200, { "Content-Length": "9" }).write("{");
  const { proxy } = await openScene(t, {
    answer: ok(),
    config: traced(collector.endpoint, { timeout: "50ms" }),
  });
  await roundTrip(proxy.port, get("/", CLOSE));
  await eventually("the spans to be sent", () => proxy.running.spans.sent === 2);
  assert.equal(collector.exports.length, 1);
});

test("a queue that is full drops spans, counts them and shows them among the metrics", async (t) => {
  const deaf = await RawServer.listen();
  t.after(() => deaf.close());
  const { proxy } = await openScene(t, {
    answer: ok(),
    config: traced(`http://127.0.0.1:${deaf.port}`, { batch_size: 2, queue_size: 4 }),
  });
  for (let i = 0; i < 5; i++) await roundTrip(proxy.port, get("/", CLOSE));
  const page = () => proxy.running.metricsPage();
  await eventually("the metrics", () => /^sluice_spans_total\{result="queue_full"\} 4$/m.test(page()));
  assert.match(page(), /^sluice_spans_waiting 4$/m);
  assert.match(page(), /^sluice_spans_total\{result="sent"\} 0$/m);
  const { fields } = proxy.events.find(({ event }) => event === "spans_dropped")!;
  assert.deepEqual(fields, { reason: "queue_full", count: 1 });
});

test("a stop sends the spans that wait", async (t) => {
  const collector = await Collector.open(t);
  const { proxy } = await openScene(t, {
    answer: ok(),
    config: traced(collector.endpoint, { batch_delay: "1h" }),
  });
  await roundTrip(proxy.port, get("/", CLOSE));
  assert.equal(collector.spans.length, 0);
  await proxy.stop();
  assert.equal(collector.spans.length, 2);
  assert.equal(proxy.running.spans.sent, 2);
});

/** A config like that of the test's proxy. */
function configWith(port: number, tracing: Record<string, unknown> | undefined) {
  return validateConfig({
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app" }],
    backends: { app: { servers: [`http://127.0.0.1:${port}`] } },
    shutdown: { drain_timeout: "500ms", grace: "20ms" },
    ...(tracing && { tracing }),
  });
}

async function openReloaded(t: TestContext) {
  const [first, second] = [await Collector.open(t), await Collector.open(t)];
  const server = await RawServer.answering(ok());
  const proxy = await startTestProxy({ servers: [server.port], config: traced(first.endpoint) });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  return { first, second, server, proxy, port: () => proxy.running.listeners[0]!.address.split(":")[1]! };
}

test("a reload sends spans to another collector", async (t) => {
  const { first, second, server, proxy, port } = await openReloaded(t);
  await roundTrip(Number(port()), get("/a", CLOSE));
  await first.until(2);
  await proxy.running.reload(configWith(server.port, { endpoint: second.endpoint, batch_delay: "1ms" }));
  await roundTrip(Number(port()), get("/b", CLOSE));
  await second.until(2);
  assert.equal(first.spans.length, 2);
});

test("a reload that takes tracing away leaves what clients say of traces as it came", async (t) => {
  const { first, server, proxy, port } = await openReloaded(t);
  await roundTrip(Number(port()), get("/a", CLOSE));
  await proxy.running.reload(configWith(server.port, undefined));
  await roundTrip(Number(port()), get("/b", "traceparent: x", CLOSE));
  await first.until(2);
  assert.match(server.received, /\/b HTTP[^]*^traceparent: x\r$/m);
  await proxy.stop();
  assert.equal(first.spans.length, 2);
});

test("a collector that refuses is not asked again, and its answer is logged", async (t) => {
  const collector = await Collector.open(t);
  collector.answer = (response) => void response.writeHead(401).end("who are you?");
  const { proxy } = await openScene(t, { answer: ok(), config: traced(collector.endpoint) });
  await roundTrip(proxy.port, get("/", CLOSE));
  await eventually("the loss", () => proxy.running.spans.lost.get("refused") === 2);
  const { fields } = proxy.events.find(({ event }) => event === "spans_not_sent")!;
  assert.deepEqual(fields, {
    endpoint: `${collector.endpoint}/v1/traces`,
    cause: "The collector answered 401",
  });
});

test("spans that a collector takes a part of are counted as refused", async (t) => {
  const collector = await Collector.open(t);
  collector.answer = (response) => void response.end('{"partialSuccess":{"rejectedSpans":"1"}}');
  const { proxy } = await openScene(t, { answer: ok(), config: traced(collector.endpoint) });
  await roundTrip(proxy.port, get("/", CLOSE));
  await eventually(
    "both",
    () => proxy.running.spans.lost.get("refused") === 1 && proxy.running.spans.sent === 1,
  );
});
