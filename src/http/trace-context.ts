import { ROLE } from "./field-name.ts";
import type { Fields } from "./fields.ts";

/** Which trace a request belongs to, and which of its spans has sent it (W3C Trace Context §3.2). */
export interface TraceParent {
  /** 32 digits, hexadecimal, in lower case; as all ids here. */
  readonly traceId: string;
  /** 16 digits. */
  readonly spanId: string;
  /** Those that are known: `SAMPLED`, `RANDOM`. */
  readonly flags: number;
}

/** Whoever sent the request may have recorded it. */
export const SAMPLED = 1;
/** The right half of the trace's id was drawn by chance (Level 2 of the specification). */
export const RANDOM = 2;

/** Length of the four parts that every version begins with: `00-TRACE-SPAN-FLAGS`. */
const LENGTH = 55;
const DASH = 0x2d, ZERO = 0x30;
/** Where the parts begin and end. */
const TRACE_AT = 3, TRACE_END = 35, SPAN_AT = 36, SPAN_END = 52, FLAGS_AT = 53;

/**
 * Reads a traceparent. Undefined for one that is to be ignored: with capital letters, ids of nothing but zeros, the version
 * `ff`. What later versions put behind a dash at the end is left out (§3.2.4).
 */
export function parseTraceparent(value: string): TraceParent | undefined {
  if (value.length < LENGTH || (value.length > LENGTH && value.charCodeAt(LENGTH) !== DASH)) return undefined;
  if (value.charCodeAt(2) !== DASH || value.charCodeAt(TRACE_END) !== DASH) return undefined;
  if (value.charCodeAt(SPAN_END) !== DASH) return undefined;
  const version = byteAt(value, 0);
  const flags = byteAt(value, FLAGS_AT);
  if (version === -1 || version === 0xff || flags === -1) return undefined;
  if (version === 0 && value.length > LENGTH) return undefined;
  if (!isId(value, TRACE_AT, TRACE_END) || !isId(value, SPAN_AT, SPAN_END)) return undefined;
  return {
    traceId: value.slice(TRACE_AT, TRACE_END),
    spanId: value.slice(SPAN_AT, SPAN_END),
    flags: flags & (SAMPLED | RANDOM),
  };
}

/** The traceparent among `fields`; undefined where there is none, none that counts, or more than one. */
export function traceparentOf(fields: Fields): TraceParent | undefined {
  const line = fields.lineOf(ROLE.traceparent);
  if (line === -1) return undefined;
  for (let i = line + 1; i < fields.kinds.length; i++) {
    if (fields.kinds[i]!.role === ROLE.traceparent) return undefined;
  }
  return parseTraceparent(fields.value(line));
}

/** The value of a traceparent. */
export function formatTraceparent({ traceId, spanId, flags }: TraceParent): string {
  return "00-" + traceId + "-" + spanId + "-0" + flags; // one digit: no more flags are known
}

/** Whether there are only hexadecimal digits in lower case, and one that is no zero. */
function isId(text: string, from: number, to: number): boolean {
  let some = false;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (digitOf(code) === -1) return false;
    some ||= code !== ZERO;
  }
  return some;
}

/** The number that two digits stand for, or -1. */
function byteAt(text: string, at: number): number {
  const high = digitOf(text.charCodeAt(at)), low = digitOf(text.charCodeAt(at + 1));
  return high === -1 || low === -1 ? -1 : high * 16 + low;
}

function digitOf(code: number): number {
  if (code >= ZERO && code <= 0x39) return code - ZERO;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}
