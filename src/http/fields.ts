import { Buffer } from "node:buffer";
import { ALIAS_BIT, type FieldName, fieldName, HOP_BY_HOP_BIT, ROLE, type Role } from "./field-name.ts";
import { isLowerTextAt, isTextAt, latin1 } from "./latin1.ts";
import { isBlank } from "./list.ts";

const NOTHING = Buffer.alloc(0);

const SP = 0x20, CRLF_BYTES = 2;

/** Marks of one line: where its name begins, its colon, and where it ends. */
const MARKS = 3;
/** The last mark of a line that is text; the first says then where its name stands, its value behind it. */
const TEXT = -1;

/** Values of one of which nearly every message asks for the text. */
const COMMON_VALUES: readonly string[] = ["keep-alive", "close", "Keep-Alive", "chunked"];

/** A number that a double holds, and a length of a body, has no more digits. */
const MAX_DIGITS = 15;

/** What is known of the lines of a head. */
export interface MarkedLines {
  /** Three for each line: where its name begins, its colon, where it ends. */
  readonly marks: number[];
  /** What is known of their names. */
  readonly kinds: FieldName[];
  /** The bits of all names. */
  readonly seen: number;
}

/**
 * The header or trailer fields of one message as they came: order, case and repetitions are kept.
 *
 * A received line is three marks on the bytes that came, in the form `name:value` and CRLF; text is made of it when
 * somebody asks. A line that was added, or whose value was changed, is text.
 */
export class Fields {
  /** What is known of the name of each line. */
  readonly kinds: FieldName[];
  readonly #bytes: Buffer;
  readonly #marks: number[];
  /** Names and values of the lines that are text. */
  #texts: string[] | undefined;
  /** Values that were asked for, by line. */
  #asked: (string | undefined)[] | undefined;
  /** What the Connection lines say, where somebody has asked and no line was changed since. */
  #connection: string | undefined;
  /** Bits of every line that was ever here. */
  #seen: number;

  /**
   * Lines that stand in `bytes`, which must not change any more; without arguments there are none. The lists are this
   * one's own from now on.
   */
  constructor(bytes: Buffer = NOTHING, lines: MarkedLines = { marks: [], kinds: [], seen: 0 }) {
    this.#bytes = bytes;
    this.#marks = lines.marks;
    this.kinds = lines.kinds;
    this.#seen = lines.seen;
  }

  /** Number of field lines. */
  get size(): number {
    return this.kinds.length;
  }

  /** The name of a line, as written. */
  name(line: number): string {
    const from = this.#marks[line * MARKS]!;
    if (this.#isText(line)) return this.#texts![from]!;
    return latin1(this.#bytes, from, this.#marks[line * MARKS + 1]!);
  }

  /** The value of a line, without the blanks and tabs around it (OWS, RFC 9110 §5.6.3). */
  value(line: number): string {
    if (this.#isText(line)) return this.#textOf(line);
    const asked = this.#asked?.[line];
    if (asked !== undefined) return asked;
    const from = this.#valueFrom(line), to = this.#valueTo(line, from);
    for (let i = 0; i < COMMON_VALUES.length; i++) {
      if (isTextAt(COMMON_VALUES[i]!, this.#bytes, from, to)) return COMMON_VALUES[i]!;
    }
    return (this.#asked ??= [])[line] = latin1(this.#bytes, from, to);
  }

  /** Whether the value of a line is `text`, byte for byte. */
  valueIs(line: number, text: string): boolean {
    if (this.#isText(line)) return this.#textOf(line) === text;
    const from = this.#valueFrom(line);
    return isTextAt(text, this.#bytes, from, this.#valueTo(line, from));
  }

  /** The value of a line where it is nothing but up to 15 digits, else -1. */
  numberOf(line: number): number {
    if (this.#isText(line)) {
      const text = this.#textOf(line);
      return text.length <= MAX_DIGITS && /^\d+$/.test(text) ? Number(text) : -1;
    }
    const from = this.#valueFrom(line), to = this.#valueTo(line, from);
    if (to === from || to - from > MAX_DIGITS) return -1;
    let number = 0;
    for (let i = from; i < to; i++) {
      const digit = this.#bytes[i]! - 0x30;
      if (digit < 0 || digit > 9) return -1;
      number = number * 10 + digit;
    }
    return number;
  }

  /** The received bytes that lines stand in. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Where a line begins in `bytes` that stands there just as it is written: `Name: value` and CRLF; else -1. */
  rawFrom(line: number): number {
    const end = this.#marks[line * MARKS + 2]!;
    if (end === TEXT) return -1;
    const colon = this.#marks[line * MARKS + 1]!;
    const bytes = this.#bytes;
    if (end < colon + 3 || bytes[colon + 1] !== SP) return -1;
    return isBlank(bytes[colon + 2]!) || isBlank(bytes[end - 1]!) ? -1 : this.#marks[line * MARKS]!;
  }

  /** Where such a line ends, its CRLF included. */
  rawTo(line: number): number {
    return this.#marks[line * MARKS + 2]! + CRLF_BYTES;
  }

  /** Puts `value` in place of the value of a line. */
  setValue(line: number, value: string): void {
    this.#connection = undefined;
    if (this.#isText(line)) {
      this.#texts![this.#marks[line * MARKS]! + 1] = value;
      return;
    }
    const name = this.name(line);
    this.#marks[line * MARKS] = this.#keepText(name, value);
    this.#marks[line * MARKS + 2] = TEXT;
  }

  /** Adds a line at the end. */
  append(name: string, value: string): void {
    const kind = fieldName(name);
    this.#connection = undefined;
    this.kinds.push(kind);
    this.#marks.push(this.#keepText(name, value), 0, TEXT);
    this.#seen |= kind.bits;
  }

  /** Whether there may be a line of `role`; false is certain. */
  mayHave(role: Role): boolean {
    return (this.#seen & (1 << role)) !== 0;
  }

  /** Whether there may be a field for one connection only; false is certain. */
  get mayHaveHopByHop(): boolean {
    return (this.#seen & HOP_BY_HOP_BIT) !== 0;
  }

  /** Whether there may be a name that passes for another; false is certain. */
  get mayHaveAlias(): boolean {
    return (this.#seen & ALIAS_BIT) !== 0;
  }

  /** The first line of `role`, or -1. */
  lineOf(role: Role): number {
    if (!this.mayHave(role)) return -1;
    for (let i = 0; i < this.kinds.length; i++) if (this.kinds[i]!.role === role) return i;
    return -1;
  }

  /** The values of all Connection lines, joined by a comma; undefined where there is none. */
  get connection(): string | undefined {
    if (!this.mayHave(ROLE.connection)) return undefined;
    return this.#connection ??= this.get("connection");
  }

  /** Whether the value of a line begins with `lower`, which is in lower case, in any case. */
  valueBegins(line: number, lower: string): boolean {
    if (this.#isText(line)) return this.#textOf(line).slice(0, lower.length).toLowerCase() === lower;
    const from = this.#valueFrom(line);
    const to = from + lower.length;
    return to <= this.#marks[line * MARKS + 2]! && isLowerTextAt(lower, this.#bytes, from, to);
  }

  /** All values of `lower` joined by a comma, as RFC 9110 §5.3 reads repeated lines; undefined where there is none. */
  get(lower: string): string | undefined {
    let found: string | undefined;
    for (let i = 0; i < this.kinds.length; i++) {
      if (this.kinds[i]!.lower !== lower) continue;
      found = found === undefined ? this.value(i) : `${found}, ${this.value(i)}`;
    }
    return found;
  }

  has(lower: string): boolean {
    return this.kinds.some((kind) => kind.lower === lower);
  }

  /** The same lines, which may be changed by themselves. */
  copy(): Fields {
    const copy = new Fields(this.#bytes, {
      marks: this.#marks.slice(),
      kinds: this.kinds.slice(),
      seen: this.#seen,
    });
    copy.#texts = this.#texts?.slice();
    return copy;
  }

  /** Removes the lines whose name `unwanted` says so of, in place. */
  removeWhere(unwanted: (kind: FieldName) => boolean): void {
    const { kinds } = this;
    const marks = this.#marks;
    let kept = 0;
    for (let i = 0; i < kinds.length; i++) {
      if (unwanted(kinds[i]!)) continue;
      if (kept !== i) {
        kinds[kept] = kinds[i]!;
        for (let mark = 0; mark < MARKS; mark++) marks[kept * MARKS + mark] = marks[i * MARKS + mark]!;
      }
      kept++;
    }
    if (kept === kinds.length) return;
    kinds.length = kept;
    marks.length = kept * MARKS;
    this.#asked = undefined;
    this.#connection = undefined;
  }

  /** Puts what `change` makes of its value in place of it, in every line of `role`. */
  mapValues(role: Role, change: (value: string, kind: FieldName) => string): void {
    for (let i = 0; i < this.kinds.length; i++) {
      const kind = this.kinds[i]!;
      if (kind.role !== role) continue;
      const value = this.value(i), changed = change(value, kind);
      if (changed !== value) this.setValue(i, changed);
    }
  }

  /** A web-standard Headers of the same lines. Cookies are joined by `; `, as RFC 9113 §8.2.3 does. */
  toHeaders(): Headers {
    const headers = new Headers();
    let cookie: string | undefined;
    for (let i = 0; i < this.kinds.length; i++) {
      if (this.kinds[i]!.lower !== "cookie") headers.append(this.name(i), this.value(i));
      else cookie = cookie === undefined ? this.value(i) : `${cookie}; ${this.value(i)}`;
    }
    if (cookie !== undefined) headers.set("cookie", cookie);
    return headers;
  }

  /** The lines of `headers`; each Set-Cookie stays a line of its own. */
  static from(headers: Headers): Fields {
    const fields = new Fields();
    for (const [name, value] of headers) fields.append(name, value);
    return fields;
  }

  #isText(line: number): boolean {
    return this.#marks[line * MARKS + 2] === TEXT;
  }

  #textOf(line: number): string {
    return this.#texts![this.#marks[line * MARKS]! + 1]!;
  }

  /** Keeps the text of a line and returns where it stands. */
  #keepText(name: string, value: string): number {
    if (this.#texts === undefined) {
      this.#texts = [name, value];
      return 0;
    }
    this.#texts.push(name, value);
    return this.#texts.length - 2;
  }

  #valueFrom(line: number): number {
    let from = this.#marks[line * MARKS + 1]! + 1;
    const end = this.#marks[line * MARKS + 2]!;
    while (from < end && isBlank(this.#bytes[from]!)) from++;
    return from;
  }

  #valueTo(line: number, from: number): number {
    let to = this.#marks[line * MARKS + 2]!;
    while (to > from && isBlank(this.#bytes[to - 1]!)) to--;
    return to;
  }
}
