import { Buffer } from "node:buffer";
import { escapedValue } from "./log-line.ts";

/** Room that is always there behind what is written: for the last word of a `JsonPart`, numbers and quotes. */
const SLACK = 64;
const WORD = 8;
const QUOTE = 0x22, BACKSLASH = 0x5c, DOT = 0x2e, ZERO = 0x30, Z = 0x5a;
/** Characters of `2026-11-29T12:34:56.` in a time of day. */
const STAMP_TO_MS = 20;
/** Up to this whole numbers are written digit by digit. */
const MAX_DIGITS_BY_HAND = 1e9;

const encoder = new TextEncoder();
const digits = new Uint8Array(10);

/** A part of a line that many lines have, made ready for being written eight bytes at a time. */
export class JsonPart {
  /** Its bytes, filled up with blanks. As UTF-8 has no byte 0xff and no 0x7f behind 0xf0, none of them is NaN. */
  readonly words: Float64Array;
  /** In bytes. */
  readonly length: number;

  constructor(text: string) {
    const bytes = encoder.encode(text);
    this.length = bytes.length;
    const filled = new Uint8Array(Math.ceil(bytes.length / WORD) * WORD).fill(0x20);
    filled.set(bytes);
    this.words = new Float64Array(filled.buffer);
  }
}

/**
 * Gathers lines of JSON as bytes. A line is written part by part, without an object or a text of it being made: on either
 * runtime that takes half of what `JSON.stringify` and the encoding of its text take, and leaves nothing to collect.
 */
export class JsonLines {
  readonly #capacity: number;
  readonly #now: () => number;
  readonly #onLine: () => void;
  /** Bytes that a value may have. */
  #valueSize: number;
  #bytes: Uint8Array;
  #view: DataView;
  /** So much of it is written. */
  #length = 0;
  /** The second that the clock stood at for the last line, and its text. */
  #second = NaN;
  readonly #stamp = new Uint8Array(STAMP_TO_MS);

  /**
   * `capacity` bytes of memory; more while a line needs it. `now` gives milliseconds since 1970; `onLine` is called at the
   * end of each line.
   */
  constructor(
    { capacity, valueSize, now, onLine }: {
      capacity: number;
      valueSize: number;
      now: () => number;
      onLine: () => void;
    },
  ) {
    this.#capacity = capacity;
    this.#now = now;
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
    this.#valueSize = valueSize;
    this.#onLine = onLine;
  }

  /** Bytes of what is gathered. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory that are held at the moment. */
  get capacity(): number {
    return this.#bytes.length;
  }

  set valueSize(bytes: number) {
    this.#valueSize = bytes;
  }

  /** Hands over what is gathered, and goes on empty. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > this.#capacity) this.#replace(this.#capacity);
    return taken;
  }

  /** A whole line that is there as text. */
  line(text: string): void {
    this.#write(text);
    this.#onLine();
  }

  /** As it is. */
  part(part: JsonPart): void {
    const { words } = part;
    let at = this.#length;
    if (at + part.length + SLACK > this.#bytes.length) this.#grow(part.length);
    const view = this.#view;
    for (let i = 0; i < words.length; i++, at += WORD) view.setFloat64(at, words[i]!, true);
    this.#length += part.length;
  }

  /** The time, without quotes. */
  time(): void {
    const now = this.#now();
    const second = Math.floor(now / 1000);
    const stamp = this.#stamp;
    if (second !== this.#second) {
      this.#second = second;
      encoder.encodeInto(new Date(now).toISOString().slice(0, STAMP_TO_MS), stamp);
    }
    if (this.#length + STAMP_TO_MS + SLACK > this.#bytes.length) this.#grow(STAMP_TO_MS);
    const bytes = this.#bytes;
    const at = this.#length;
    for (let i = 0; i < STAMP_TO_MS; i++) bytes[at + i] = stamp[i]!;
    const ms = now - second * 1000;
    const hundreds = Math.floor(ms / 100);
    const tens = Math.floor(ms / 10) - hundreds * 10;
    bytes[at + STAMP_TO_MS] = ZERO + hundreds;
    bytes[at + STAMP_TO_MS + 1] = ZERO + tens;
    bytes[at + STAMP_TO_MS + 2] = ZERO + ms - hundreds * 100 - tens * 10;
    bytes[at + STAMP_TO_MS + 3] = Z;
    this.#length = at + STAMP_TO_MS + 4;
  }

  /** A text in quotes, escaped, and cut where it is too long. */
  text(text: string): void {
    const { length } = text;
    if (length > this.#valueSize) return this.#escaped(text);
    if (this.#length + length + SLACK > this.#bytes.length) this.#grow(length);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code >= 0x7f || code === QUOTE || code === BACKSLASH) return this.#escaped(text);
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.#length = at;
  }

  /** The same, of a character for each byte of `bytes` between `from` and `to`. */
  latin1(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (length > this.#valueSize) return this.#escaped(latin1(bytes, from, to));
    if (this.#length + length + SLACK > this.#bytes.length) this.#grow(length);
    const written = this.#bytes;
    let at = this.#length;
    written[at++] = QUOTE;
    for (let i = from; i < to; i++) {
      const code = bytes[i]!;
      if (code < 0x20 || code >= 0x7f || code === QUOTE || code === BACKSLASH) {
        return this.#escaped(latin1(bytes, from, to));
      }
      written[at++] = code;
    }
    written[at++] = QUOTE;
    this.#length = at;
  }

  /** A number: whole, and not below zero. */
  whole(number: number): void {
    if (this.#length + SLACK > this.#bytes.length) this.#grow(0);
    if (number >= MAX_DIGITS_BY_HAND) return this.#write(String(number));
    const bytes = this.#bytes;
    let rest = number | 0;
    let count = 0;
    do {
      const next = (rest / 10) | 0;
      digits[count++] = ZERO + rest - next * 10;
      rest = next;
    } while (rest > 0);
    let at = this.#length;
    while (count > 0) bytes[at++] = digits[--count]!;
    this.#length = at;
  }

  /** Milliseconds with a digit behind the point, where that is not 0. Less than none counts as none. */
  tenths(ms: number): void {
    const tenths = ms > 0 ? Math.round(ms * 10) : 0;
    const whole = Math.floor(tenths / 10);
    this.whole(whole);
    const rest = tenths - whole * 10;
    if (rest === 0) return;
    this.#bytes[this.#length++] = DOT;
    this.#bytes[this.#length++] = ZERO + rest;
  }

  /** The line ends, with `part`. */
  end(part: JsonPart): void {
    this.part(part);
    this.#onLine();
  }

  /** A text that holds what a line must not, or that is too long. */
  #escaped(text: string): void {
    this.#write(escapedValue(text, this.#valueSize));
  }

  #write(text: string): void {
    // A character of UTF-16 takes up to three bytes in UTF-8.
    const most = text.length * 3;
    if (this.#length + most + SLACK > this.#bytes.length) this.#grow(most);
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
  }

  #grow(more: number): void {
    const before = this.#bytes;
    this.#replace(2 * (this.#length + more + SLACK));
    this.#bytes.set(before.subarray(0, this.#length));
  }

  #replace(length: number): void {
    this.#bytes = new Uint8Array(length);
    this.#view = new DataView(this.#bytes.buffer);
  }
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}
