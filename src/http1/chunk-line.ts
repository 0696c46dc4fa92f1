import type { Buffer } from "node:buffer";
import { ProxyError, type ProxyErrorKind } from "../base/errors.ts";
import { CLASS, TOKEN, VALUE } from "../http/chars.ts";
import { MAX_CHUNK_EXTENSION_BYTES, MAX_CHUNK_LINE_BYTES } from "../http/head-limits.ts";

const CR = 0x0d,
  LF = 0x0a,
  SEMICOLON = 0x3b,
  EQUALS = 0x3d,
  QUOTE = 0x22,
  BACKSLASH = 0x5c,
  SP = 0x20,
  HT = 0x09;

/** Where in the line the reader stands. */
const SIZE = 0,
  NAME_BEGIN = 1,
  NAME = 2,
  VALUE_BEGIN = 3,
  TOKEN_VALUE = 4,
  QUOTED = 5,
  ESCAPED = 6,
  AFTER_QUOTED = 7;
const BLANK_AFTER_NAME = 8, BLANK_AFTER_VALUE = 9, LINE_FEED = 10;

/**
 * Reads `chunk-size [ chunk-ext ] CRLF` (RFC 9112 §7.1), in any pieces, and forgets the extensions, which a
 * recipient ignores when it does not know them (§7.1.1). The grammar of an extension is checked all the same:
 * a quoted string that hides a line end is how two programs come to see different chunks. Blanks before the
 * first `;`, which only lenient readers take, are refused.
 */
export class ChunkLineReader {
  /** Size of the chunk in bytes, once the line is complete. */
  size = 0;
  complete = false;
  readonly #blame: ProxyErrorKind;
  #state = SIZE;
  #digits = 0;
  #length = 0;
  #extensionBytes = 0;

  constructor(blame: ProxyErrorKind) {
    this.#blame = blame;
  }

  /** Makes ready for the next line of the same body. */
  reset(): void {
    this.complete = false;
    this.size = 0;
    this.#state = SIZE;
    this.#digits = 0;
    this.#length = 0;
  }

  /** Reads on in `chunk` from `from` and returns the index after what it took. */
  push(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at++]!;
      if (this.#state === SIZE) this.#readSize(byte);
      else if (this.#state === LINE_FEED) {
        if (byte !== LF) this.#fail("A bare CR in a chunk line");
        this.complete = true;
        return at;
      } else this.#readExtension(byte);
      if (++this.#length > MAX_CHUNK_LINE_BYTES) this.#fail("A chunk line is too long");
    }
    return at;
  }

  #readSize(byte: number): void {
    const digit = hexValue(byte);
    if (digit !== -1) {
      this.size = this.size * 16 + digit;
      if (++this.#digits > 16 || this.size > Number.MAX_SAFE_INTEGER) {
        this.#fail("A chunk size is out of range");
      }
      return;
    }
    if (this.#digits === 0) this.#fail("A chunk without a size");
    if (byte === CR) this.#state = LINE_FEED;
    else if (byte === SEMICOLON) this.#state = NAME_BEGIN;
    else this.#fail("A bad byte in a chunk size");
  }

  #readExtension(byte: number): void {
    if (++this.#extensionBytes > MAX_CHUNK_EXTENSION_BYTES) this.#fail("Too many bytes of chunk extensions");
    const blank = byte === SP || byte === HT;
    const token = (CLASS[byte]! & TOKEN) !== 0;
    switch (this.#state) {
      case NAME_BEGIN:
        if (token) this.#state = NAME;
        else if (!blank) this.#fail("A chunk extension without a name");
        return;
      case NAME:
        if (!token) this.#afterName(byte, blank);
        return;
      case BLANK_AFTER_NAME:
        if (!blank) this.#afterName(byte, blank, false);
        return;
      case VALUE_BEGIN:
        if (token) this.#state = TOKEN_VALUE;
        else if (byte === QUOTE) this.#state = QUOTED;
        else if (!blank) this.#fail("A chunk extension without a value");
        return;
      case TOKEN_VALUE:
        if (!token) this.#afterValue(byte, blank);
        return;
      case AFTER_QUOTED:
        return this.#afterValue(byte, blank);
      case BLANK_AFTER_VALUE:
        if (!blank) this.#afterValue(byte, blank, false);
        return;
      case QUOTED:
        if (byte === QUOTE) this.#state = AFTER_QUOTED;
        else if (byte === BACKSLASH) this.#state = ESCAPED;
        else if ((CLASS[byte]! & VALUE) === 0) this.#fail("A control byte in a chunk extension");
        return;
      default: // ESCAPED
        if ((CLASS[byte]! & VALUE) === 0) this.#fail("A control byte in a chunk extension");
        this.#state = QUOTED;
    }
  }

  #afterName(byte: number, blank: boolean, mayEnd = true): void {
    if (byte === EQUALS) this.#state = VALUE_BEGIN;
    else if (blank) this.#state = BLANK_AFTER_NAME;
    else this.#afterValue(byte, blank, mayEnd);
  }

  /** Blanks belong to the `;` or `=` after them (BWS), so the line cannot end after one. */
  #afterValue(byte: number, blank: boolean, mayEnd = true): void {
    if (byte === SEMICOLON) this.#state = NAME_BEGIN;
    else if (byte === CR && mayEnd) this.#state = LINE_FEED;
    else if (blank) this.#state = BLANK_AFTER_VALUE;
    else this.#fail("A bad byte in a chunk extension");
  }

  #fail(message: string): never {
    throw new ProxyError(this.#blame, message);
  }
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
