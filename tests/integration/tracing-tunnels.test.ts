// Traces of what is no plain request: tunnels, relays, copies for a second backend, apps of a program.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SILENT_LOG } from "../../src/base/log.ts";
import { createBackend, serve } from "../../src/mod.ts";
import { Collector } from "../support/collector.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { eventually } from "../support/eventually.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { asked, get, ok, openScene } from "./scene.ts";
import { connectTo, linesOf, lone, openRelay } from "./relay-scene.ts";

const CLOSE = "Connection: close";
const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736", CLIENT_SPAN = "00f067aa0ba902b7";
const SAMPLED = `traceparent: 00-${TRACE_ID}-${CLIENT_SPAN}-01`;
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

test("the spans of a WebSocket end when it closes", async (t) => {
  const collector = await Collector.open(t);
  const { client, server } = await openScene(t, {
    answer: SWITCHING,
    config: { tracing: { endpoint: collector.endpoint, batch_delay: "1ms" } },
  });
  const c = await client();
  c.send(get("/ws", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"));
  await c.until("101 ");
  // A whole request goes by in the meantime, and is all that is sent.
  const other = await client();
  other.send(get("/other", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"));
  await other.until("101 ");
  other.close();
  const first = await collector.until(2);
  assert.deepEqual(first.map(({ attributes }) => attributes["url.path"]), ["/other", undefined]);
  c.send("bytes");
  await (await asked(server)).until("bytes");
  c.close();
  const spans = (await collector.until(4)).filter(({ traceId }) => traceId !== first[0]!.traceId);
  assert.deepEqual(spans.map(({ kind, attributes }) => [kind, attributes["http.response.status_code"]]), [[
    2,
    101,
  ], [
    3,
    101,
  ]]);
  assert.equal(spans[0]!.attributes["http.request.body.size"], 5);
});

test("a tunnel of a relay is a span as long as it is open, and its attempt another", async (t) => {
  const collector = await Collector.open(t);
  const { client, target, place } = await openRelay(t, {
    onData() {},
    config: { tracing: { endpoint: collector.endpoint, batch_delay: "1ms" } },
  });
  const c = await client();
  c.send(connectTo(place));
  await c.until("200 ");
  c.send("hello");
  await (await eventually("the target's connection", () => target.connections[0])).until("hello");
  assert.equal(target.received, "hello"); // nothing of the trace is in a tunnel
  c.close();
  const [request, attempt] = await collector.until(2);
  assert.deepEqual([request!.name, attempt!.name], ["CONNECT", "CONNECT"]);
  assert.equal(attempt!.parentSpanId, request!.spanId);
  assert.deepEqual(
    ["url.path", "server.address", "server.port", "http.request.body.size"].map((name) =>
      request!.attributes[name]
    ),
    [undefined, "127.0.0.1", target.port, 5],
  );
  assert.equal(attempt!.attributes["url.full"], undefined);
});

test("a relay goes on with a trace that its client knows, and tells others of no trace of its own", async (t) => {
  const collector = await Collector.open(t);
  const { ask, target, place } = await openRelay(t, {
    config: { tracing: { endpoint: collector.endpoint, batch_delay: "1ms" } },
  });
  await ask(lone(`http://${place}/a`, "tracestate: a=1"));
  await collector.until(2);
  assert.deepEqual(linesOf(target.received).filter((line) => /^trace/.test(line)), ["tracestate: a=1"]);
  await ask(lone(`http://${place}/b`, SAMPLED));
  const attempt = (await collector.until(4)).find(({ kind, traceId }) => kind === 3 && traceId === TRACE_ID)!;
  assert.ok(target.received.includes(`traceparent: 00-${TRACE_ID}-${attempt.spanId}-01\r\n`));
  assert.equal(attempt.attributes["url.full"], `http://${place}/b`);
});

test("a copy for a second backend is an attempt of the same trace, with a span of its own", async (t) => {
  const collector = await Collector.open(t);
  const servers = await Promise.all(["answer", "copy"].map((body) => RawServer.answering(ok(body))));
  const [app, other] = servers.map(({ port }) => ({ servers: [`http://127.0.0.1:${port}`] }));
  const proxy = await startTestProxy({
    servers: [],
    frontend: { default_backend: undefined, routes: [{ backend: "app", mirror: { backend: "other" } }] },
    config: {
      tracing: { endpoint: collector.endpoint, batch_delay: "1ms" },
      backends: { app, other },
    },
  });
  t.after(async () => {
    await proxy.stop();
    for (const server of servers) await server.close();
  });
  await roundTrip(proxy.port, get("/", CLOSE));
  const spans = await collector.until(3);
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 3);
  const attempts = spans.filter(({ kind }) => kind === 3);
  for (const { attributes, traceId, spanId, status } of attempts) {
    assert.deepEqual(status, {});
    const { received } = servers[attributes["sluice.backend"] === "app" ? 0 : 1]!;
    assert.match(received, new RegExp(`^traceparent: 00-${traceId}-${spanId}-03\\r$`, "m"));
  }
});

test("requests of a program's own app are spans, and the attempts of its backend are below them", async (t) => {
  const collector = await Collector.open(t);
  const server = await RawServer.answering(ok("answer"));
  const api = createBackend({ servers: [`http://127.0.0.1:${server.port}`] }, { log: SILENT_LOG });
  await api.start();
  const served = await serve({ fetch: (request: Request) => api.fetch(request) }, {
    bind: "127.0.0.1:0",
    config: { tracing: { endpoint: collector.endpoint, batch_delay: "1h" } },
    log: SILENT_LOG,
  });
  await roundTrip(Number(served.addresses[0]!.split(":")[1]), get("/", CLOSE));
  await served.stop();
  api.stop();
  await server.close();
  const [request, attempt] = await collector.until(2);
  assert.deepEqual([request!.kind, attempt!.kind, attempt!.parentSpanId], [2, 3, request!.spanId]);
  assert.match(
    server.received,
    new RegExp(`^traceparent: 00-${request!.traceId}-${attempt!.spanId}-03\\r$`, "m"),
  );
});
