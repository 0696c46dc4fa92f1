import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";

/** Bytes that are drawn at a time: one draw costs more than what one id takes of it. */
const POOL_BYTES = 1024;
/** Digits of an id: two for each byte. */
const SPAN_DIGITS = 16;

const pool = Buffer.alloc(POOL_BYTES);
let digits = "";
let at = 0;

/** An id for a span, drawn by chance: never all zeros in a lifetime. */
export function nextSpanId(): string {
  if (at === digits.length) {
    digits = randomFillSync(pool).toString("hex");
    at = 0;
  }
  const from = at;
  at += SPAN_DIGITS;
  return digits.slice(from, at);
}
