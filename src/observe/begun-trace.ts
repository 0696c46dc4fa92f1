import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";
import { latin1 } from "../http/latin1.ts";
import type { Output } from "../http1/output.ts";
import type { ExchangeTrace } from "../message/trace.ts";

/** Random bytes that are drawn at a time: one draw costs far more than what a trace takes of it. */
const DRAWN_BYTES = 8192;
const TRACE_BYTES = 16, SPAN_BYTES = 8;

/** A line of traceparent whose ids are not filled in. The flag says that they are random, and not that it is sampled. */
const LINE = `traceparent: 00-${"0".repeat(TRACE_BYTES * 2)}-${"0".repeat(SPAN_BYTES * 2)}-02\r\n`;
const TRACE_AT = LINE.indexOf("-") + 1, TRACE_END = TRACE_AT + TRACE_BYTES * 2;
const SPAN_AT = TRACE_END + 1, SPAN_END = SPAN_AT + SPAN_BYTES * 2;
/** Lines that are made at a time. All of them stay as long as one is held, which the exchange of a tunnel does for days. */
const LINES = 16;

const DIGITS = Buffer.from("0123456789abcdef");

/** Random bytes, and how many of them are used. */
const drawn = Buffer.alloc(DRAWN_BYTES);
let used = DRAWN_BYTES;
/** Lines that are ready, and which of them is the next. */
let lines = Buffer.alloc(0);
let next = 0;

/**
 * A trace that begins here and is only passed on, as most are: nothing is made of it but the line for servers, which is
 * ready before it is needed.
 */
export class BegunTrace implements ExchangeTrace {
  readonly #lines: Buffer;
  /** Where its line begins. */
  readonly #at: number;

  constructor() {
    if (next === lines.length) prepare();
    this.#lines = lines;
    this.#at = next;
    next += LINE.length;
  }

  get traceId(): string {
    return latin1(this.#lines, this.#at + TRACE_AT, this.#at + TRACE_END);
  }

  /** Of the request's span. */
  get spanId(): string {
    return latin1(this.#lines, this.#at + SPAN_AT, this.#at + SPAN_END);
  }

  get goesOn(): boolean {
    return false;
  }

  get recorded(): boolean {
    return false;
  }

  writeTraceparent(output: Output): void {
    output.part(this.#lines, this.#at, this.#at + LINE.length);
  }

  beginAttempt(): undefined {}

  shadow(): this {
    return this;
  }

  /** Whether the last 14 digits of its trace's id are `threshold` or above: that is a share of all ids. */
  isFrom(threshold: Uint8Array): boolean {
    const from = this.#at + TRACE_END - threshold.length;
    for (let i = 0; i < threshold.length; i++) {
      const difference = this.#lines[from + i]! - threshold[i]!;
      if (difference !== 0) return difference > 0;
    }
    return true;
  }
}

function prepare(): void {
  lines = Buffer.from(LINE.repeat(LINES), "latin1");
  next = 0;
  for (let at = 0; at < lines.length; at += LINE.length) {
    if (used + TRACE_BYTES + SPAN_BYTES > DRAWN_BYTES) {
      randomFillSync(drawn);
      used = 0;
    }
    fillIn(at + TRACE_AT, at + TRACE_END);
    fillIn(at + SPAN_AT, at + SPAN_END);
  }
}

/** Fills in random digits. They are never all zeros in a lifetime. */
function fillIn(from: number, to: number): void {
  for (let i = from; i < to; i += 2) {
    const byte = drawn[used++]!;
    lines[i] = DIGITS[byte >> 4]!;
    lines[i + 1] = DIGITS[byte & 15]!;
  }
}
