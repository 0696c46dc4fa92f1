import process from "node:process";

/** Lines are held back for this long at most, so that many of them share one write. */
const HOLD_MS = 50;
/** Text that is not held back any longer, in characters. */
const MAX_HELD = 16 * 1024;
/** Unwritten bytes on standard output beyond which lines are dropped: a stuck reader must not fill the memory. */
const MAX_UNWRITTEN_BYTES = 4 * 1024 * 1024;

/** Gathers lines for standard output. A line per request in a write of its own would cost as much as the request. */
export class LogOutput {
  readonly #write: (text: string) => void;
  #held = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #expire = () => {
    this.#timer = undefined;
    this.flush();
  };

  /** `write` takes the text of one or more lines; standard output by default. */
  constructor(write: (text: string) => void = writeStdout) {
    this.#write = write;
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
    const text = this.#held;
    this.#held = "";
    this.#write(text);
  }
}

function writeStdout(text: string): void {
  if (process.stdout.writableLength >= MAX_UNWRITTEN_BYTES) return;
  try {
    process.stdout.write(text);
  } catch {
    // Deno writes to a file at once, and throws where the disk is full: that costs the lines, not the request.
  }
}
