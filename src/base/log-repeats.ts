import type { LogFields, LogLevel } from "./log-event.ts";

/** Time in which equal events are counted. */
const WINDOW_MS = 10_000;
/** Equal events of one window that are written one by one. */
const MAX_EQUAL = 5;
/** Different events that are told apart at a time; more of them are written as they come. */
const MAX_DIFFERENT = 100;

interface Counted {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
  count: number;
}

/** Sums up events that come again and again with the same fields: the first few of 10 s are written, the rest as a count. */
export class LogRepeats {
  readonly #write: (level: LogLevel, event: string, fields: LogFields) => void;
  readonly #counted = new Map<string, Counted>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `write` gets each sum, as the event with the field `repeated`. */
  constructor(write: (level: LogLevel, event: string, fields: LogFields) => void) {
    this.#write = write;
  }

  /** Whether an event is to be written now; else it is counted. */
  admits(level: LogLevel, event: string, fields: LogFields): boolean {
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.close(), WINDOW_MS);
      this.#timer.unref();
    }
    const key = `${level} ${event} ${JSON.stringify(fields)}`;
    const counted = this.#counted.get(key);
    if (counted !== undefined) return ++counted.count <= MAX_EQUAL;
    if (this.#counted.size < MAX_DIFFERENT) this.#counted.set(key, { level, event, fields, count: 1 });
    return true;
  }

  /** Writes the sums, and frees the timer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counted = [...this.#counted.values()];
    this.#counted.clear();
    for (const { level, event, fields, count } of counted) {
      if (count > MAX_EQUAL) this.#write(level, event, { ...fields, repeated: count - MAX_EQUAL });
    }
  }
}
