/** Lines are held back for this long at most, so that many of them share one write. */
const HOLD_MS = 50;
/** Text that is not held back any longer, in characters. */
const MAX_HELD = 32 * 1024;
const NEWLINE = 10;
const encoder = new TextEncoder();

/** Writes one or more whole lines, which may be kept, and tells `done` once how many of their bytes were written. */
export type WriteLines = (bytes: Uint8Array, done: (written: number) => void) => void;

/** Gathers lines: a write for each would cost as much as the request that it is about. */
export class LogOutput {
  readonly #write: WriteLines;
  readonly #describeLost: (lines: number) => string;
  #held = "";
  /** Lines that could not be written, and of which no line that was written tells. */
  #lost = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #expire = () => {
    this.#timer = undefined;
    this.flush();
  };

  /** `describeLost` is the line that tells of lost ones, in front of the next that is written. */
  constructor(write: WriteLines, describeLost: (lines: number) => string) {
    this.#write = write;
    this.#describeLost = describeLost;
  }

  /** Adds a line, and writes it within 50 ms, with others. */
  add(line: string): void {
    this.#held += line;
    if (this.#held.length >= MAX_HELD) this.flush();
    else this.#timer ??= setTimeout(this.#expire, HOLD_MS);
  }

  /** Writes what is held back now. */
  flush(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#held === "") return;
    const told = this.#lost;
    this.#lost = 0;
    // As bytes: a long text that was put together from many pieces is slow to write.
    const bytes = encoder.encode(told === 0 ? this.#held : this.#describeLost(told) + this.#held);
    this.#held = "";
    this.#write(bytes, (written) => {
      if (written < bytes.length) this.#lose(bytes, written, told);
    });
  }

  /** Counts the lines of `bytes` that are not whole among the first `written`; the first line tells of `told` others. */
  #lose(bytes: Uint8Array, written: number, told: number): void {
    const kept = told > 0 ? bytes.indexOf(NEWLINE) + 1 : 0;
    if (written < kept) this.#lost += told;
    for (let i = Math.max(written, kept); i < bytes.length; i++) {
      if (bytes[i] === NEWLINE) this.#lost++;
    }
  }
}
