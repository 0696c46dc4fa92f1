import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";

/** Bytes that are drawn at a time: one draw costs more than what one id takes of it. */
const POOL_BYTES = 8192;

/** Digits of ids: two for each byte. */
const TRACE_DIGITS = 32, SPAN_DIGITS = 16;

const pool = Buffer.alloc(POOL_BYTES);
let digits = "";
let at = 0;

/** An id for a trace that begins here. Like those of spans it is drawn by chance, and never all zeros in a lifetime. */
export function nextTraceId(): string {
  return draw(TRACE_DIGITS);
}

/** An id for a span. */
export function nextSpanId(): string {
  return draw(SPAN_DIGITS);
}

function draw(count: number): string {
  if (at + count > digits.length) {
    digits = randomFillSync(pool).toString("hex");
    at = 0;
  }
  const from = at;
  at += count;
  return digits.slice(from, at);
}
