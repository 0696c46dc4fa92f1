import { Buffer } from "node:buffer";
import { ProxyError, type ProxyErrorKind } from "../../../src/base/errors.ts";
import { formatSize } from "../../../src/base/units.ts";
import { CLASS, TOKEN, VALUE } from "../../../src/http/chars.ts";
import { trimBlanks } from "../../../src/http/list.ts";
import type { HeadRules } from "../../../src/http1/head-reader.ts";

const HT = 0x09, LF = 0x0a, CR = 0x0d, SP = 0x20, COLON = 0x3a;

/** Where in the head the scan stands. */
const START_LINE = 0, LINE_BEGIN = 1, NAME = 2, FIELD_VALUE = 3;

/** Bytes that a start line may have besides the target: method, version, blanks. */
const START_LINE_EXTRA_BYTES = 64;

/**
 * A head reader that makes text of the whole head, cuts every name and value out of it and looks at each byte by itself: the
 * plain way that the proxy's own was measured against, and that it must agree with to the letter.
 */
export class TextHeadReader {
  readonly #rules: HeadRules;
  /** Bytes of a head that came in pieces; grows up to the limit. */
  #store: Buffer | undefined;
  #stored = 0;
  #scanned = 0;
  #state: number;
  #startLineEnd = 0;
  /** Per field: start of the name, the colon, the end of the line. */
  #marks: number[] = [];
  #text = "";

  constructor(rules: HeadRules) {
    this.#rules = rules;
    this.#state = rules.hasStartLine ? START_LINE : LINE_BEGIN;
  }

  /** Whether some bytes of a head have come. */
  get begun(): boolean {
    return this.#stored > 0;
  }

  /**
   * Reads on in `chunk` from `from`. Returns the index behind the head, or -1 when all of `chunk` was taken
   * and the head is not complete.
   * @throws {ProxyError} of the kinds in the rules.
   */
  push(chunk: Buffer, from: number): number {
    if (this.#stored === 0) {
      const end = this.#scan(chunk, from, chunk.length);
      if (end === -1) this.#keep(chunk, from);
      else this.#text = chunk.toString("latin1", from, end);
      return end;
    }
    const before = this.#stored;
    this.#keep(chunk, from);
    const end = this.#scan(this.#store!, 0, this.#stored);
    if (end === -1) return -1;
    this.#text = this.#store!.toString("latin1", 0, end);
    return from + end - before;
  }

  /** The start line of the complete head. */
  get startLine(): string {
    return this.#text.slice(0, this.#startLineEnd);
  }

  /** Names and values of the field lines of the complete head, in order; the blanks around each value removed. */
  lines(): [name: string, value: string][] {
    const lines: [string, string][] = [];
    const marks = this.#marks;
    for (let i = 0; i < marks.length; i += 3) {
      lines.push([
        this.#text.slice(marks[i]!, marks[i + 1]!),
        trimBlanks(this.#text.slice(marks[i + 1]! + 1, marks[i + 2]!)),
      ]);
    }
    return lines;
  }

  /** Makes ready for the next head. */
  reset(): void {
    this.#store = undefined;
    this.#stored = 0;
    this.#scanned = 0;
    this.#state = this.#rules.hasStartLine ? START_LINE : LINE_BEGIN;
    this.#startLineEnd = 0;
    this.#marks = [];
    this.#text = "";
  }

  #keep(chunk: Buffer, from: number): void {
    const more = Math.min(chunk.length - from, this.#rules.limits.headerSize + 1 - this.#stored);
    const needed = this.#stored + more;
    if (this.#store === undefined || this.#store.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.max(1024, needed * 2));
      if (this.#store !== undefined) this.#store.copy(grown, 0, 0, this.#stored);
      this.#store = grown;
    }
    chunk.copy(this.#store, this.#stored, from, from + more);
    this.#stored = needed;
  }

  /** Scans on in `bytes`, whose head begins at `base`; returns the index behind the head or -1. */
  #scan(bytes: Buffer, base: number, length: number): number {
    const { limits, blame } = this.#rules;
    const limit = base + limits.headerSize;
    const startLineLimit = base + limits.targetSize + START_LINE_EXTRA_BYTES;
    const end = Math.min(length, limit);
    const marks = this.#marks;
    let state = this.#state;
    let i = base + this.#scanned;
    scan: while (i < end) {
      const byte = bytes[i]!;
      if (state === FIELD_VALUE || state === START_LINE) {
        if (state === START_LINE && i >= startLineLimit && byte !== CR) {
          this.#fail(
            this.#rules.startLineTooLong,
            `The start line is longer than target_size (${formatSize(limits.targetSize)})`,
          );
        }
        if ((CLASS[byte]! & VALUE) !== 0) {
          i++;
          continue;
        }
        if (byte !== CR) this.#fail(blame, byte === LF ? "A bare LF" : "A control byte");
        if (i + 1 >= end) break scan;
        if (bytes[i + 1] !== LF) this.#fail(blame, "A bare CR");
        if (state === START_LINE) {
          this.#startLineEnd = i - base;
          if (i === base) this.#fail(blame, "An empty start line");
        } else marks.push(i - base);
        state = LINE_BEGIN;
        i += 2;
      } else if (state === NAME) {
        if (byte === COLON) {
          marks.push(i - base);
          state = FIELD_VALUE;
        } else if ((CLASS[byte]! & TOKEN) === 0) {
          this.#fail(
            blame,
            byte === SP || byte === HT ? "A blank before the colon" : "A bad byte in a field name",
          );
        }
        i++;
      } else {
        if (byte === CR) {
          if (i + 1 >= end) break scan;
          if (bytes[i + 1] !== LF) this.#fail(blame, "A bare CR");
          this.#scanned = i + 2 - base;
          return i + 2;
        }
        if (byte === SP || byte === HT) this.#fail(blame, "A folded line");
        if ((CLASS[byte]! & TOKEN) === 0) this.#fail(blame, "A field line without a name");
        if (marks.length >= limits.headerCount * 3) {
          this.#fail(this.#rules.tooLarge, `More fields than header_count (${limits.headerCount})`);
        }
        marks.push(i - base);
        state = NAME;
        i++;
      }
    }
    this.#state = state;
    this.#scanned = i - base;
    if (length >= limit) {
      this.#fail(
        this.#rules.tooLarge,
        `The head is larger than header_size (${formatSize(limits.headerSize)})`,
      );
    }
    return -1;
  }

  #fail(kind: ProxyErrorKind, message: string): never {
    throw new ProxyError(kind, message);
  }
}
