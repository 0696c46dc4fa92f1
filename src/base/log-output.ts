/** Lines are held back for this long at most, so that many of them share one write. */
const HOLD_MS = 50;
/** Text that is not held back any longer, in characters. */
const MAX_HELD = 32 * 1024;
const encoder = new TextEncoder();

/** Gathers lines: a write for each would cost as much as the request that it is about. */
export class LogOutput {
  readonly #write: (bytes: Uint8Array) => boolean;
  readonly #describeLost: (lines: number) => string;
  #held = "";
  #lines = 0;
  /** Lines that could not be written since one was. */
  #lost = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #expire = () => {
    this.#timer = undefined;
    this.flush();
  };

  /**
   * `write` takes one or more lines and may keep the bytes; false says that it did not take them. `describeLost` is the
   * line that tells of it when it takes some again.
   */
  constructor(write: (bytes: Uint8Array) => boolean, describeLost: (lines: number) => string) {
    this.#write = write;
    this.#describeLost = describeLost;
  }

  /** Adds a line, and writes it within 50 ms, with others. */
  add(line: string): void {
    this.#held += line;
    this.#lines++;
    if (this.#held.length >= MAX_HELD) this.flush();
    else this.#timer ??= setTimeout(this.#expire, HOLD_MS);
  }

  /** Writes what is held back now. */
  flush(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#held === "") return;
    const text = this.#lost === 0 ? this.#held : this.#describeLost(this.#lost) + this.#held;
    // As bytes: a long text that was put together from many pieces is slow to write.
    const taken = this.#write(encoder.encode(text));
    this.#lost = taken ? 0 : this.#lost + this.#lines;
    this.#held = "";
    this.#lines = 0;
  }
}
