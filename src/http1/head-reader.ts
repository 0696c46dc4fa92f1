import { Buffer } from "node:buffer";
import { ProxyError, type ProxyErrorKind } from "../base/errors.ts";
import { formatSize } from "../base/units.ts";
import { CLASS, TOKEN, VALUE } from "../http/chars.ts";
import type { FieldName } from "../http/field-name.ts";
import { Fields } from "../http/fields.ts";
import type { CodecLimits } from "../http/head-limits.ts";
import { isBlank } from "../http/list.ts";
import { isLowerTextAt } from "../http/latin1.ts";
import { receivedName } from "../http/received-name.ts";

const LF = 0x0a, CR = 0x0d, COLON = 0x3a;

/** Where in the head the scan stands. */
const START_LINE = 0, LINE_BEGIN = 1, NAME = 2, FIELD_VALUE = 3;

/** Bytes that a start line may have besides the target: method, version, blanks. */
const START_LINE_EXTRA_BYTES = 64;

/** Marks of one field. */
const MARKS = 3;

/** The bytes that a head came in are kept with it up to this size; of more, who keeps the head is not to keep the rest. */
const MAX_KEPT_BYTES = 4 * 1024;
/** The names of the last head are kept where it was not larger. */
const MAX_EXPECTED_BYTES = 4 * 1024;

const NOTHING = Buffer.alloc(0);

/** How a head is read. `blame` and `tooLarge` are the kinds of error for a malformed and an oversized one. */
export interface HeadRules {
  readonly limits: CodecLimits;
  readonly blame: ProxyErrorKind;
  readonly tooLarge: ProxyErrorKind;
  /** The error for a start line over `targetSize`. */
  readonly startLineTooLong: ProxyErrorKind;
  /** False for trailer fields, which come without a start line. */
  readonly hasStartLine: boolean;
}

/**
 * Finds the end of a message head in bytes that come in any pieces, and refuses what RFC 9112 §2.2 and §5
 * forbid as soon as it is seen: bare CR or LF, control bytes, a line that begins with a blank (obs-fold), a
 * name that is no token, a blank before the colon.
 *
 * One pass over the bytes finds, checks and marks; a head that came in one small piece is not copied. Who sends one head
 * after another sends much the same fields in the same order, so each name is first compared with the one that stood in
 * its place before.
 */
export class HeadReader {
  readonly #rules: HeadRules;
  /** Bytes of a head that came in pieces; grows up to the limit. */
  #store: Buffer | undefined;
  #stored = 0;
  #scanned = 0;
  #state: number;
  #startLineEnd = 0;
  /** Per field: start of the name, the colon, the end of the line. One array for all heads, as is that of the names. */
  readonly #marks: number[] = [];
  /** What is known of the names: the first `#names` of this head, behind them those of a head before. */
  readonly #kinds: FieldName[] = [];
  #names = 0;
  /** Bits of the names of this head. */
  #seen = 0;
  #bytes: Buffer = NOTHING;
  #begin = 0;
  #inChunk = false;

  constructor(rules: HeadRules) {
    this.#rules = rules;
    this.#state = rules.hasStartLine ? START_LINE : LINE_BEGIN;
  }

  get begun(): boolean {
    return this.#stored > 0;
  }

  /**
   * Reads on in `chunk` from `from`. Returns the index after the head, or -1 when all of `chunk` was taken
   * and the head is not complete.
   * @throws {ProxyError} of the kinds in the rules.
   */
  push(chunk: Buffer, from: number): number {
    if (this.#stored === 0) {
      const end = this.#scan(chunk, from, chunk.length);
      if (end !== -1) this.#settle(chunk, from, end);
      else {
        this.#keep(chunk, from);
        this.#moveMarks(from);
      }
      return end;
    }
    const before = this.#stored;
    this.#keep(chunk, from);
    const end = this.#scan(this.#store!, 0, this.#stored);
    if (end === -1) return -1;
    this.#settle(this.#store!, 0, end);
    return from + end - before;
  }

  /** What the complete head stands in. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Where it begins in `bytes`, with its start line. */
  get begin(): number {
    return this.#begin;
  }

  /** Where its start line ends in `bytes`, without the line end. */
  get startLineEnd(): number {
    return this.#begin + this.#startLineEnd;
  }

  /** Whether it stands in the very chunk that was given, whose memory then belongs to the fields. */
  get inChunk(): boolean {
    return this.#inChunk;
  }

  /** The field lines of the complete head, in order. */
  fields(): Fields {
    const names = this.#names;
    return new Fields(this.#bytes, {
      marks: this.#marks.slice(0, names * MARKS),
      kinds: this.#kinds.slice(0, names),
      seen: this.#seen,
    });
  }

  /** Makes ready for the next head. */
  reset(): void {
    if (this.#scanned > MAX_EXPECTED_BYTES) this.#kinds.length = 0;
    this.#store = undefined;
    this.#stored = 0;
    this.#scanned = 0;
    this.#state = this.#rules.hasStartLine ? START_LINE : LINE_BEGIN;
    this.#startLineEnd = 0;
    this.#names = 0;
    this.#seen = 0;
    this.#bytes = NOTHING;
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

  /** Settles where the complete head stands: in the bytes it was found in, or in a copy of its own. */
  #settle(bytes: Buffer, from: number, end: number): void {
    const stays = this.#rules.hasStartLine && bytes.length <= MAX_KEPT_BYTES;
    this.#bytes = stays ? bytes : Buffer.from(bytes.subarray(from, end));
    this.#begin = stays ? from : 0;
    if (!stays) this.#moveMarks(from);
    this.#inChunk = stays && bytes !== this.#store;
  }

  /** Counts the marks, those of the line that was begun included, from `by` on. */
  #moveMarks(by: number): void {
    if (by === 0) return;
    const marks = this.#marks;
    const count = Math.min(marks.length, (this.#names + 1) * MARKS);
    for (let i = 0; i < count; i++) marks[i]! -= by;
  }

  /** Scans on in `bytes`, whose head begins at `base`; returns the index after the head or -1. */
  #scan(bytes: Buffer, base: number, length: number): number {
    const { limits, blame } = this.#rules;
    const limit = base + limits.headerSize;
    const end = Math.min(length, limit);
    const marks = this.#marks, kinds = this.#kinds;
    let names = this.#names;
    let state = this.#state;
    let i = base + this.#scanned;
    while (i < end) {
      if (state === START_LINE || state === FIELD_VALUE) {
        const stop = state === FIELD_VALUE
          ? end
          : Math.min(end, base + limits.targetSize + START_LINE_EXTRA_BYTES);
        while (i < stop && (CLASS[bytes[i]!]! & VALUE) !== 0) i++;
        if (i === end) break;
        if (bytes[i] !== CR) this.#failInLine(bytes[i]!, i === stop);
        if (i + 1 >= end) break;
        if (bytes[i + 1] !== LF) this.#fail(blame, "A bare CR");
        if (state === START_LINE) {
          this.#startLineEnd = i - base;
          if (i === base) this.#fail(blame, "An empty start line");
        } else marks[names++ * MARKS + 2] = i;
        state = LINE_BEGIN;
        i += 2;
        if (i >= end) break;
      }
      if (state === LINE_BEGIN) {
        const byte = bytes[i]!;
        if (byte === CR) {
          if (i + 1 >= end) break;
          if (bytes[i + 1] !== LF) this.#fail(blame, "A bare CR");
          this.#scanned = i + 2 - base;
          this.#names = names;
          return i + 2;
        }
        if (names >= limits.headerCount) this.#failAtName(byte);
        marks[names * MARKS] = i;
        const expected = kinds[names];
        if (expected !== undefined) {
          const colon = i + expected.lower.length;
          if (colon < end && bytes[colon] === COLON && isLowerTextAt(expected.lower, bytes, i, colon)) {
            marks[names * MARKS + 1] = colon;
            this.#seen |= expected.bits;
            state = FIELD_VALUE;
            i = colon + 1;
            continue;
          }
        }
        if ((CLASS[byte]! & TOKEN) === 0) this.#failAtName(byte);
        state = NAME;
        i++;
      }
      while (i < end && (CLASS[bytes[i]!]! & TOKEN) !== 0) i++;
      if (i === end) break;
      if (bytes[i] !== COLON) this.#failInName(bytes[i]!);
      marks[names * MARKS + 1] = i;
      const kind = kinds[names] = receivedName(bytes, marks[names * MARKS]!, i);
      this.#seen |= kind.bits;
      state = FIELD_VALUE;
      i++;
    }
    this.#names = names;
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

  /** At a byte that cannot stand in a line, or where a start line goes on for `tooLong`. */
  #failInLine(byte: number, tooLong: boolean): never {
    if (tooLong) {
      const { startLineTooLong, limits } = this.#rules;
      this.#fail(
        startLineTooLong,
        `The start line is longer than target_size (${formatSize(limits.targetSize)})`,
      );
    }
    this.#fail(this.#rules.blame, byte === LF ? "A bare LF" : "A control byte");
  }

  /** At the first byte of a field line, which cannot begin a name, or begins one too many. */
  #failAtName(byte: number): never {
    const { blame, tooLarge, limits } = this.#rules;
    if (isBlank(byte)) this.#fail(blame, "A folded line");
    if ((CLASS[byte]! & TOKEN) === 0) this.#fail(blame, "A field line without a name");
    this.#fail(tooLarge, `More fields than header_count (${limits.headerCount})`);
  }

  /** At a byte that can neither stand in a name nor end it. */
  #failInName(byte: number): never {
    this.#fail(
      this.#rules.blame,
      isBlank(byte) ? "A blank before the colon" : "A bad byte in a field name",
    );
  }

  #fail(kind: ProxyErrorKind, message: string): never {
    throw new ProxyError(kind, message);
  }
}
