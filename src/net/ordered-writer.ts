/** Writes some of `bytes`, or all, and resolves with how many; rejects where nothing could be written. */
export type WriteSome = (bytes: Uint8Array) => Promise<number>;

/** What a text that waits costs beside its bytes. */
const PIECE_BYTES = 1024;

const NEWLINE = new Uint8Array([10]);

/**
 * Writes lines one after the other, each whole before the next. What cannot be written is given up, and the next is
 * tried all the same: a reader may come back, and a disk may be emptied. It then begins with a line of its own.
 */
export class OrderedWriter {
  readonly #write: WriteSome;
  readonly #wholeBytes: number;
  #last: Promise<void> = Promise.resolve();
  /** Whether the last line that was written is cut short. */
  #torn = false;
  #pending = 0;

  /** Where `write` rejects, a part of more than `wholeBytes` may have been written all the same. */
  constructor(write: WriteSome, wholeBytes = Infinity) {
    this.#write = write;
    this.#wholeBytes = wholeBytes;
  }

  /** Bytes of memory that all takes which is not written yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Writes `bytes`, whole lines, after all that waits; tells `done` how many of them were written. */
  write(bytes: Uint8Array, done: (written: number) => void): void {
    const cost = bytes.length + PIECE_BYTES;
    this.#pending += cost;
    this.#last = this.#last.then(() => this.#writeAll(bytes)).then((written) => {
      this.#pending -= cost;
      done(written);
    });
  }

  /** Runs `task`, which puts another file in the place of the one that is written, behind all that waits. */
  between(task: () => Promise<void>): Promise<void> {
    const done = this.#last.then(task).then(() => void (this.#torn = false));
    this.#last = done.catch(() => {}); // whoever asked hears of it
    return done;
  }

  async #writeAll(bytes: Uint8Array): Promise<number> {
    let written = 0;
    try {
      if (this.#torn) await this.#write(NEWLINE);
      this.#torn = false;
      while (written < bytes.length) written += await this.#write(bytes.subarray(written));
    } catch {
      // Whatever it is, this process cannot mend it.
      if (written > 0) this.#torn = bytes[written - 1] !== NEWLINE[0];
      if (bytes.length - written > this.#wholeBytes) this.#torn = true;
    }
    return written;
  }
}
