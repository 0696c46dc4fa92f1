import packageJson from "../../package.json" with { type: "json" };
import type { Span, SpanKind } from "./span.ts";

/** Numbers of the protocol (opentelemetry-proto, trace/v1/trace.proto). */
const KINDS: Readonly<Record<SpanKind, number>> = { server: 2, client: 3 };
const STATUS_ERROR = 2;
/** Bits of the flags: whether it is known that the parent was in another program, and whether it was. */
const KNOWS_REMOTE = 0x100, IS_REMOTE = 0x200;

type Attributes = Readonly<Record<string, string | number | undefined>>;

/**
 * A span as OTLP has it in JSON: ids are hexadecimal, times are texts of nanoseconds. One text per span, made when it is
 * over, so that the queue holds a bounded number of bytes and nothing of the request.
 */
export function spanToJson(span: Span): string {
  return JSON.stringify({
    traceId: span.traceId,
    spanId: span.id,
    parentSpanId: span.parentId,
    traceState: span.state,
    flags: span.flags | KNOWS_REMOTE | (span.isParentRemote && span.parentId !== undefined ? IS_REMOTE : 0),
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: toNanoseconds(span.startMs),
    endTimeUnixNano: toNanoseconds(Math.max(span.startMs, span.endMs)),
    attributes: toList(span.attributes),
    status: span.failed ? { code: STATUS_ERROR, message: span.message } : {},
  });
}

/** The body of one export: `spans` are texts of `spanToJson`, and `resource` is what has made them. */
export function exportToJson(spans: readonly string[], resource: Attributes): string {
  const scope = JSON.stringify({ name: packageJson.name, version: packageJson.version });
  return `{"resourceSpans":[{"resource":${JSON.stringify({ attributes: toList(resource) })},` +
    `"scopeSpans":[{"scope":${scope},"spans":[${spans.join(",")}]}]}]}`;
}

/** Spans of an export that the collector did not take, by what it has answered. */
export function rejectedSpans(answer: string): number {
  try {
    const { partialSuccess } = JSON.parse(answer) as { partialSuccess?: { rejectedSpans?: unknown } };
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
    return Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0;
  } catch {
    return 0; // an answer without a body, or none of OTLP: the status counts
  }
}

/** No finer than microseconds: that is what the clocks have, and what a number of this size can hold. */
function toNanoseconds(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}

function toList(attributes: Attributes) {
  const list = [];
  for (const key in attributes) {
    const value = attributes[key];
    if (value === undefined) continue;
    list.push({
      key,
      value: typeof value === "string" ? { stringValue: value } : { intValue: String(value) },
    });
  }
  return list;
}
