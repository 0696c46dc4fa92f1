/**
 * The clock of what is done because of one event of a socket: it is read at most once for all of that, as a reading costs
 * up to 160 ns and nobody can tell the moments of such an event apart. Outside of one it is read each time.
 */
export class Tick {
  readonly #read: () => number;
  #depth = 0;
  /** What was read in this event; NaN while nothing was. */
  #at = NaN;

  /** `read` is the clock, in ms. */
  constructor(read: () => number = () => performance.now()) {
    this.#read = read;
  }

  /** An event begins to be worked off, perhaps within another. `end` has to follow. */
  begin(): void {
    this.#depth++;
  }

  /** It is worked off. */
  end(): void {
    if (--this.#depth === 0) this.#at = NaN;
  }

  /** What `task` returns, which is code of others and may take long: it runs as if outside of any event. */
  outside<T>(task: () => T): T {
    const depth = this.#depth;
    this.#depth = 0;
    this.#at = NaN;
    try {
      return task();
    } finally {
      this.#depth = depth;
    }
  }

  /** Now, in ms on the clock of `performance.now()`. */
  now(): number {
    if (this.#depth === 0) return this.#read();
    if (Number.isNaN(this.#at)) this.#at = this.#read();
    return this.#at;
  }
}

/** The tick of this process. */
export const TICK = new Tick();
