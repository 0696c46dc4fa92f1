import process from "node:process";

/** Lines are held back for this long at most, so that many of them share one write. */
const HOLD_MS = 50;
/** Text that is not held back any longer, in characters. */
const MAX_HELD = 32 * 1024;
/** Unwritten bytes on standard output beyond which lines are dropped: a stuck reader must not fill the memory. */
const MAX_UNWRITTEN_BYTES = 4 * 1024 * 1024;

const encoder = new TextEncoder();

/** Gathers lines for standard output: a write for each would cost as much as the request that it is about. */
export class LogOutput {
  readonly #write: (bytes: Uint8Array) => void;
  #held = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #expire = () => {
    this.#timer = undefined;
    this.flush();
  };

  /** `write` takes one or more lines and may keep the bytes; standard output by default. */
  constructor(write: (bytes: Uint8Array) => void = writeStdout) {
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
    // As bytes: a long text that was put together from many pieces is slow to write.
    const bytes = encoder.encode(this.#held);
    this.#held = "";
    this.#write(bytes);
  }
}

function writeStdout(bytes: Uint8Array): void {
  if (process.stdout.writableLength >= MAX_UNWRITTEN_BYTES) return;
  try {
    process.stdout.write(bytes);
  } catch {
    // Deno writes to a file at once, and throws where the disk is full: that costs the lines, not the request.
  }
}
