// Traces of requests: what servers hear of them, and what a collector gets.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { type CollectedSpan, Collector } from "../support/collector.ts";
import { roundTrip } from "../support/raw-client.ts";
import { get, ok, openScene, post, type SceneOptions } from "./scene.ts";
import { type Behaviour, hangsUp, openRetryScene } from "./retry-scene.ts";

const CLOSE = "Connection: close";
const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736", CLIENT_SPAN = "00f067aa0ba902b7";
const SAMPLED = `traceparent: 00-${TRACE_ID}-${CLIENT_SPAN}-01`;
const NOT_SAMPLED = `traceparent: 00-${TRACE_ID}-${CLIENT_SPAN}-00`;

/** A scene whose spans go to a collector. */
async function openTraced(
  t: TestContext,
  { tracing, ...options }: SceneOptions & { tracing?: Record<string, unknown> } = {},
) {
  const collector = await Collector.open(t);
  const scene = await openScene(t, {
    answer: ok("answer"),
    ...options,
    config: { tracing: { endpoint: collector.endpoint, batch_delay: "1ms", ...tracing } },
  });
  return { ...scene, collector };
}

/** The traceparent that the last request of `heads` came with, and what else of it speaks of traces. */
function passedOn(heads: string): { lines: string[]; trace: string; span: string; flags: string } {
  const lines = heads.slice(heads.lastIndexOf("HTTP/1.1\r\n")).split("\r\n").filter((line) =>
    /^trace/i.test(line)
  );
  const [, trace = "", span = "", flags = ""] =
    /^traceparent: 00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/m.exec(lines.join("\n")) ?? [];
  return { lines, trace, span, flags };
}

/** Those of `names` among the attributes of a span. */
function some(span: CollectedSpan, ...names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, span.attributes[name]]));
}

test("a request and its attempt become spans of a trace, and the server hears of the attempt", async (t) => {
  const { proxy, server, collector } = await openTraced(t, {
    tracing: {
      service_name: "edge",
      attributes: { "deployment.environment.name": "test" },
      headers: { "X-Key": "k" },
    },
  });
  await roundTrip(proxy.port, post("12345", "User-Agent: curl/8", "X-Request-Id: id-1", CLOSE));
  const [request, attempt] = await collector.until(2);
  const { trace, span, flags } = passedOn(server.received);
  assert.deepEqual([request!.traceId, attempt!.traceId], [trace, trace]);
  assert.deepEqual([request!.parentSpanId, attempt!.parentSpanId], [undefined, request!.spanId]);
  assert.deepEqual([attempt!.spanId, flags], [span, "03"]);
  assert.deepEqual([request!.kind, request!.name, request!.flags], [2, "POST default", 0x103]);
  const { "network.peer.port": port, ...attributes } = request!.attributes;
  assert.ok(Number(port) > 0);
  assert.deepEqual(attributes, {
    "http.request.method": "POST",
    "url.scheme": "http",
    "url.path": "/",
    "http.response.status_code": 200,
    "server.address": "a.example",
    "client.address": "127.0.0.1",
    "network.peer.address": "127.0.0.1",
    "network.protocol.version": "1.1",
    "user_agent.original": "curl/8",
    "http.request.body.size": 5,
    "http.response.body.size": 6,
    "sluice.frontend": "web",
    "sluice.route": "default",
    "sluice.backend": "app",
    "sluice.server": `http://127.0.0.1:${server.port}`,
    "sluice.attempts": 1,
    "sluice.request_id": "id-1",
  });
  assert.deepEqual([attempt!.kind, attempt!.name, attempt!.flags], [3, "POST", 0x103]);
  assert.deepEqual(attempt!.attributes, {
    "http.request.method": "POST",
    "url.full": `http://127.0.0.1:${server.port}/`,
    "server.address": "127.0.0.1",
    "server.port": server.port,
    "http.response.status_code": 200,
    "sluice.backend": "app",
    "sluice.server": `http://127.0.0.1:${server.port}`,
  });
  assert.deepEqual([request!.status, attempt!.status], [{}, {}]);
  const times = [request, attempt, attempt, request].map((of, i) =>
    Number(i < 2 ? of!.startTimeUnixNano : of!.endTimeUnixNano)
  );
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
  assert.ok(Math.abs(times[0]! / 1e6 - Date.now()) < 60_000);
  const [{ path, headers, resource }] = collector.exports as [Collector["exports"][0]];
  assert.deepEqual([path, headers["content-type"], headers["x-key"]], [
    "/v1/traces",
    "application/json",
    "k",
  ]);
  const { "service.version": version, ...rest } = resource;
  assert.deepEqual(rest, { "service.name": "edge", "deployment.environment.name": "test" });
  assert.match(String(version), /^\d/);
});

test("a trace of a client goes on, with its tracestate", async (t) => {
  const { proxy, server, collector } = await openTraced(t, { tracing: { sample_ratio: 0 } });
  await roundTrip(proxy.port, get("/", SAMPLED, "tracestate: a=1", "Tracestate: b=2", CLOSE));
  const [request, attempt] = await collector.until(2);
  assert.deepEqual([request!.traceId, request!.parentSpanId, request!.flags], [TRACE_ID, CLIENT_SPAN, 0x301]);
  assert.deepEqual([request!.traceState, attempt!.traceState], ["a=1, b=2", "a=1, b=2"]);
  assert.deepEqual(passedOn(server.received).lines, [
    "tracestate: a=1",
    "Tracestate: b=2",
    `traceparent: 00-${TRACE_ID}-${attempt!.spanId}-01`,
  ]);
});

test("the line of a request says which trace it is a part of, recorded or not, and nothing without tracing", async (t) => {
  const { proxy, server } = await openTraced(t);
  await roundTrip(proxy.port, get("/", NOT_SAMPLED, CLOSE));
  assert.equal((await proxy.access(0))["trace_id"], TRACE_ID);
  const rare = await openTraced(t, { tracing: { sample_ratio: 0 } });
  await roundTrip(rare.proxy.port, get("/", CLOSE));
  assert.equal((await rare.proxy.access(0))["trace_id"], passedOn(rare.server.received).trace);
  assert.equal(server.received.includes(TRACE_ID), true);
  const { proxy: plain } = await openScene(t, { answer: ok() });
  await roundTrip(plain.port, get("/", SAMPLED, CLOSE));
  assert.equal((await plain.access(0))["trace_id"], undefined);
});

test("a trace that is not sampled is passed on under a span of the proxy's, and nothing is sent", async (t) => {
  const { proxy, server, collector } = await openTraced(t);
  await roundTrip(proxy.port, get("/", NOT_SAMPLED, CLOSE));
  const { trace, span, flags } = passedOn(server.received);
  assert.deepEqual([trace, flags], [TRACE_ID, "00"]);
  assert.notEqual(span, CLIENT_SPAN);
  await roundTrip(proxy.port, get("/", SAMPLED, CLOSE));
  assert.deepEqual(new Set((await collector.until(2)).map(({ flags }) => flags & 1)), new Set([1]));
  assert.equal(collector.spans.length, 2);
});

test("with sample_ratio = 0 a trace that begins here is passed on and not recorded", async (t) => {
  const { proxy, server, collector } = await openTraced(t, { tracing: { sample_ratio: 0 } });
  await roundTrip(proxy.port, get("/", CLOSE));
  assert.equal(passedOn(server.received).flags, "02");
  await proxy.stop();
  assert.equal(collector.exports.length, 0);
});

for (
  const [what, lines] of [
    ["an id of zeros", [`traceparent: 00-${"0".repeat(32)}-${CLIENT_SPAN}-01`, "tracestate: a=1"]],
    ["capital letters", [SAMPLED.toUpperCase(), "tracestate: a=1"]],
    ["two lines", [SAMPLED, SAMPLED, "tracestate: a=1"]],
    ["no traceparent but a tracestate", ["tracestate: a=1"]],
  ] as const
) {
  test(`a trace begins anew, and tracestate goes no further, after ${what}`, async (t) => {
    const { proxy, server, collector } = await openTraced(t);
    await roundTrip(proxy.port, get("/", ...lines, CLOSE));
    const [request, attempt] = await collector.until(2);
    assert.notEqual(request!.traceId, TRACE_ID);
    assert.deepEqual([request!.parentSpanId, request!.traceState], [undefined, undefined]);
    assert.deepEqual(passedOn(server.received).lines, [
      `traceparent: 00-${request!.traceId}-${attempt!.spanId}-03`,
    ]);
  });
}

for (
  const [trust, trusted, goesOn] of [
    ["all", [], true],
    ["trusted_proxies", [], false],
    ["trusted_proxies", ["127.0.0.1"], true],
    ["none", ["127.0.0.1"], false],
  ] as const
) {
  test(`with trust = "${trust}" a client ${trusted.length > 0 ? "that is" : "that is not"} a trusted proxy is ${goesOn ? "" : "not "}believed`, async (t) => {
    const { proxy, server, collector } = await openTraced(t, {
      tracing: { trust },
      frontend: { trusted_proxies: trusted },
    });
    await roundTrip(proxy.port, get("/", SAMPLED, "tracestate: a=1", CLOSE));
    const [request] = await collector.until(2);
    assert.equal(request!.traceId === TRACE_ID, goesOn);
    assert.equal(passedOn(server.received).lines.includes("tracestate: a=1"), goesOn);
  });
}

test("without [tracing] what clients say of traces goes on as it came", async (t) => {
  const { proxy, server } = await openScene(t, { answer: ok() });
  const lines = ["TraceParent:  what  ever ", "traceparent: 00-xyz", "tracestate: a=1"];
  await roundTrip(proxy.port, get("/", ...lines, CLOSE));
  for (const line of lines.slice(1)) assert.ok(server.received.includes(`${line}\r\n`));
  assert.match(server.received, /^TraceParent: what {2}ever\r$/m);
});

test("a client cannot have the proxy's traceparent taken away by Connection", async (t) => {
  const { proxy, server } = await openTraced(t);
  await roundTrip(proxy.port, get("/", SAMPLED, "Connection: close, traceparent"));
  assert.equal(passedOn(server.received).trace, TRACE_ID);
});

for (
  const [what, edits, lines] of [
    ["removes it", { remove: ["traceparent"] }, []],
    ["sets it", { set: { traceparent: "own" } }, ["traceparent: own"]],
  ] as const
) {
  test(`a route that ${what} has the last word on traceparent`, async (t) => {
    const { proxy, server } = await openTraced(t, {
      frontend: { default_backend: undefined, routes: [{ backend: "app", request_headers: edits }] },
    });
    await roundTrip(proxy.port, get("/", SAMPLED, CLOSE));
    assert.deepEqual(passedOn(server.received).lines, lines);
  });
}

test("queries are in no span unless show_query is set", async (t) => {
  const { proxy, collector } = await openTraced(t);
  await roundTrip(proxy.port, get("/a?key=secret", CLOSE));
  assert.doesNotMatch(JSON.stringify(await collector.until(2)), /secret/);
  const shown = await openTraced(t, { tracing: { show_query: true } });
  await roundTrip(shown.proxy.port, get("/a?key=secret", CLOSE));
  const [request, attempt] = await shown.collector.until(2);
  assert.deepEqual(some(request!, "url.path", "url.query"), { "url.path": "/a", "url.query": "key=secret" });
  assert.match(String(attempt!.attributes["url.full"]), /\/a\?key=secret$/);
});

test("an unknown method has no name of its own", async (t) => {
  const { proxy, collector } = await openTraced(t);
  await roundTrip(proxy.port, get("/", CLOSE).replace("GET", "BREW"));
  const [request] = await collector.until(2);
  assert.equal(request!.name, "HTTP default");
  assert.deepEqual(some(request!, "http.request.method", "http.request.method_original"), {
    "http.request.method": "_OTHER",
    "http.request.method_original": "BREW",
  });
});

const FAILURES: [
  what: string,
  behaviours: Behaviour[],
  spans: [kind: number, error: unknown, status: unknown, resend: unknown][],
][] = [
  ["an attempt that fails", [hangsUp, ok()], [
    [2, undefined, 200, undefined],
    [3, "upstream_reset", undefined, undefined],
    [3, undefined, 200, 1],
  ]],
  ["servers that refuse", ["refuses", "refuses"], [
    [2, "connect_refused", 502, undefined],
    [3, "connect_refused", undefined, undefined],
    [3, "connect_refused", undefined, 1],
  ]],
  ["an answer of 500", ["HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"], [
    [2, "500", 500, undefined],
    [3, "500", 500, undefined],
  ]],
  ["an answer of 404, the client's own fault", ["HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"], [
    [2, undefined, 404, undefined],
    [3, "404", 404, undefined],
  ]],
];
for (const [what, behaviours, spans] of FAILURES) {
  test(`spans tell of ${what}`, async (t) => {
    const collector = await Collector.open(t);
    const { ask } = await openRetryScene(t, behaviours, {
      config: { tracing: { endpoint: collector.endpoint, batch_delay: "1ms" } },
    });
    await ask(get("/", CLOSE));
    const found = await collector.until(spans.length);
    assert.deepEqual(
      found.map(({ kind, attributes }) => [
        kind,
        attributes["error.type"],
        attributes["http.response.status_code"],
        attributes["http.request.resend_count"],
      ]),
      spans,
    );
    assert.deepEqual(
      found.map(({ status }) => status.code),
      spans.map(([, error]) => error === undefined ? undefined : 2),
    );
    const ids = new Set(found.map(({ parentSpanId }) => parentSpanId));
    assert.deepEqual(ids, new Set([undefined, found[0]!.spanId]));
  });
}

test("a request that cannot be read is a span, and one that nothing leads anywhere for", async (t) => {
  const { proxy, collector } = await openTraced(t, {
    frontend: { default_backend: undefined, routes: [{ path_prefix: "/only", backend: "app" }] },
  });
  await roundTrip(proxy.port, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  await roundTrip(proxy.port, get("/none", CLOSE));
  const spans = await collector.until(2);
  assert.deepEqual(
    spans.map((
      span,
    ) => [span.attributes["error.type"], span.attributes["http.response.status_code"], span.status]),
    [["bad_request", 400, {}], ["no_route", 404, {}]],
  );
});
