import { DEFAULT_VALUE_SIZE } from "./log-line.ts";
import { JsonLines } from "./json-lines.ts";

/** Lines are held back for this long at most, so that many of them share one write. */
const HOLD_MS = 50;
/** Lines of so many bytes are not held back any longer. */
const MAX_HELD = 64 * 1024;
/** A line has no more as a rule. */
const USUAL_LINE = 8 * 1024;
const NEWLINE = 10;
const encoder = new TextEncoder();

/** Writes one or more whole lines, which may be kept, and tells `done` once how many of their bytes were written. */
export type WriteLines = (bytes: Uint8Array, done: (written: number) => void) => void;

/** Gathers lines: a write for each would cost as much as the request that it is about. */
export class LogOutput {
  readonly #write: WriteLines;
  readonly #describeLost: (lines: number) => string;
  /** What is held back. */
  readonly lines: JsonLines;
  /** Lines that could not be written, and of which no line that was written tells. */
  #lost = 0;
  #lostInAll = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #expire = () => {
    this.#timer = undefined;
    this.flush();
  };

  /** `describeLost` is the line that tells of lost ones, in front of the next that is written. */
  constructor(
    write: WriteLines,
    describeLost: (lines: number) => string,
    now: () => number = Date.now,
  ) {
    this.#write = write;
    this.#describeLost = describeLost;
    this.lines = new JsonLines({
      capacity: MAX_HELD + USUAL_LINE,
      valueSize: DEFAULT_VALUE_SIZE,
      now,
      onLine: () => this.#onLine(),
    });
  }

  /** Lines so far that could not be written. */
  get lost(): number {
    return this.#lostInAll;
  }

  /** Adds a line, and writes it within 50 ms, with others. */
  add(line: string): void {
    this.lines.line(line);
  }

  #onLine(): void {
    if (this.lines.length >= MAX_HELD) this.flush();
    else this.#timer ??= setTimeout(this.#expire, HOLD_MS);
  }

  /** Writes what is held back now. */
  flush(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.lines.length === 0) return;
    const told = this.#lost;
    this.#lost = 0;
    const held = this.lines.take();
    const bytes = told === 0 ? held : concat(encoder.encode(this.#describeLost(told)), held);
    this.#write(bytes, (written) => {
      if (written < bytes.length) this.#lose(bytes, written, told);
    });
  }

  /** Counts the lines of `bytes` that are not whole among the first `written`; the first line tells of `told` others. */
  #lose(bytes: Uint8Array, written: number, told: number): void {
    const kept = told > 0 ? bytes.indexOf(NEWLINE) + 1 : 0;
    if (written < kept) this.#lost += told;
    for (let i = Math.max(written, kept); i < bytes.length; i++) {
      if (bytes[i] !== NEWLINE) continue;
      this.#lost++;
      this.#lostInAll++;
    }
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
