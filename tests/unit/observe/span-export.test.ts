import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { LogFields } from "../../../src/base/log-event.ts";
import { SILENT_LOG } from "../../../src/base/log.ts";
import { type TracingConfig, tracingSchema } from "../../../src/config/sections/tracing.ts";
import type { ExportResult } from "../../../src/observe/post-spans.ts";
import type { Span } from "../../../src/observe/span.ts";
import { SpanExport } from "../../../src/observe/span-export.ts";
import { Clock } from "../../support/clock.ts";

const TAKEN: ExportResult = { kind: "taken", rejected: 0 };
const AWAY: ExportResult = { kind: "busy", cause: "nobody there", waitMs: undefined };

/** One export as a collector sees it. */
interface Posted {
  readonly endpoint: string;
  readonly spans: string[];
  readonly at: number;
}

/** An export whose collector is the test: `answer` says what becomes of each. */
function openExport(
  t: TestContext,
  answer: (count: number, stop: AbortSignal) => ExportResult | Promise<ExportResult>,
  config: Record<string, unknown> = {},
) {
  const clock = new Clock(t);
  const posted: Posted[] = [];
  const events: [event: string, fields: LogFields | undefined][] = [];
  const note = (event: string, fields?: LogFields) => void events.push([event, fields]);
  const spans = new SpanExport({ ...SILENT_LOG, warn: note, info: note }, ({ endpoint }, body, stop) => {
    const { resourceSpans: [{ scopeSpans: [{ spans: list }] }] } = JSON.parse(body);
    posted.push({ endpoint, spans: list.map(({ name }: { name: string }) => name), at: clock.now });
    return Promise.resolve(answer(posted.length, stop));
  });
  spans.use(settings(config));
  t.after(() => void spans.close(0));
  return { clock, spans, posted, events };
}

/** A collector that never answers. */
function untilAborted(stop: AbortSignal): Promise<ExportResult> {
  return new Promise((resolve) => stop.addEventListener("abort", () => resolve(AWAY)));
}

function settings(config: Record<string, unknown> = {}): TracingConfig {
  return tracingSchema.parse({ batch_size: 2, batch_delay: "1s", queue_size: 4, ...config });
}

function span(name: string): Span {
  return {
    traceId: "1".repeat(32),
    id: "2".repeat(16),
    parentId: undefined,
    isParentRemote: false,
    state: undefined,
    flags: 1,
    name,
    kind: "server",
    startMs: 0,
    endMs: 1,
    attributes: {},
    failed: false,
    message: undefined,
  };
}

test("SpanExport.add() sends a full export at once, and another when its first span has waited", async (t) => {
  const { clock, spans, posted } = openExport(t, () => TAKEN);
  for (const name of ["a", "b", "c"]) spans.add(span(name));
  await clock.advance(1);
  assert.deepEqual(posted.map(({ spans }) => spans), [["a", "b"]]);
  await clock.advance(1100);
  assert.deepEqual(posted.map(({ spans }) => spans), [["a", "b"], ["c"]]);
  assert.equal(spans.sent, 3);
  assert.equal(clock.timers, 0);
});

test("SpanExport.add() drops what the queue has no place for, counts it and says it once", async (t) => {
  const { clock, spans, posted, events } = openExport(t, (_, stop) => untilAborted(stop));
  for (let i = 0; i < 20; i++) spans.add(span(String(i)));
  await clock.advance(1);
  assert.equal(posted.length, 1); // the one that is never answered
  assert.deepEqual([spans.waiting, spans.lost.get("queue_full"), spans.sent], [4, 14, 0]);
  assert.deepEqual(events, [["spans_dropped", { reason: "queue_full", count: 1 }]]);
});

test("SpanExport tries an export five times, each after twice the wait, and then goes on with the next", async (t) => {
  const { clock, spans, posted, events } = openExport(t, (count) => count <= 5 ? AWAY : TAKEN);
  for (const name of ["a", "b", "c", "d"]) spans.add(span(name));
  await clock.advance(20_000);
  assert.deepEqual(posted.map(({ spans }) => spans.join("")), ["ab", "ab", "ab", "ab", "ab", "cd"]);
  const waits = posted.slice(1, 5).map(({ at }, i) => Math.round((at - posted[i]!.at) / 1000));
  assert.deepEqual(waits, [1, 2, 4, 8]);
  assert.deepEqual([spans.sent, spans.lost.get("unreachable")], [2, 2]);
  assert.deepEqual(events, [
    ["spans_not_sent", { endpoint: "http://127.0.0.1:4318/v1/traces", cause: "nobody there" }],
    ["spans_dropped", { reason: "unreachable", count: 2 }],
    ["spans_sent_again", { endpoint: "http://127.0.0.1:4318/v1/traces" }],
  ]);
});

test("SpanExport waits as long as a collector asks for", async (t) => {
  const busy: ExportResult = { kind: "busy", cause: "429", waitMs: 5000 };
  const { clock, spans, posted } = openExport(t, (count) => count === 1 ? busy : TAKEN);
  spans.add(span("a"));
  spans.add(span("b"));
  await clock.advance(4500);
  assert.equal(posted.length, 1);
  await clock.advance(1000);
  assert.equal(posted.length, 2);
});

test("SpanExport does not try again what the collector has refused, and counts what it took a part of", async (t) => {
  const refused: ExportResult = { kind: "refused", cause: "400" };
  const { clock, spans, posted } = openExport(
    t,
    (count) => count === 1 ? refused : { kind: "taken", rejected: 1 },
  );
  for (const name of ["a", "b", "c", "d"]) spans.add(span(name));
  await clock.advance(1);
  assert.deepEqual(posted.map(({ spans }) => spans.join("")), ["ab", "cd"]);
  assert.deepEqual([spans.sent, spans.lost.get("refused")], [1, 3]);
});

test("SpanExport.use() sends what waits where the new config says, at once where it waited for the old place", async (t) => {
  const { clock, spans, posted } = openExport(t, (count) => count === 1 ? AWAY : TAKEN);
  spans.add(span("a"));
  spans.add(span("b"));
  await clock.advance(10);
  spans.use(settings({ endpoint: "http://other" }));
  await clock.advance(10);
  assert.deepEqual(posted.map(({ endpoint }) => endpoint), [
    "http://127.0.0.1:4318/v1/traces",
    "http://other/v1/traces",
  ]);
  assert.equal(spans.sent, 2);
});

test("SpanExport.use() sends what waits and takes nothing more where the new config has no tracing", async (t) => {
  const { clock, spans, posted } = openExport(t, () => TAKEN);
  spans.add(span("a"));
  spans.use(undefined);
  spans.add(span("b"));
  await clock.advance(2000);
  assert.deepEqual(posted.map(({ spans }) => spans), [["a"]]);
  assert.equal(clock.timers, 0);
});

test("SpanExport.close() sends what waits, and tries nothing twice", async (t) => {
  const { spans, posted } = openExport(t, () => AWAY, { queue_size: 100, batch_size: 100 });
  for (const name of ["a", "b", "c"]) spans.add(span(name));
  await spans.close(1000);
  assert.deepEqual(posted.map(({ spans }) => spans.join("")), ["abc"]);
  assert.equal(spans.lost.get("unreachable"), 3);
});

test("SpanExport.close() waits for a collector that does not answer no longer than it is told", async (t) => {
  const { clock, spans } = openExport(t, (_, stop) => untilAborted(stop));
  for (const name of ["a", "b", "c"]) spans.add(span(name));
  let closed = false;
  const closing = spans.close(1000).then(() => closed = true);
  await clock.advance(900);
  assert.equal(closed, false);
  await clock.advance(200);
  assert.equal(closed, true);
  await closing;
  assert.deepEqual([spans.lost.get("unreachable"), clock.timers], [3, 0]);
});
