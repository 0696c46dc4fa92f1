/** Between two lines about an event that comes in floods. */
const INTERVAL_MS = 10_000;

/** Writes down what may come in floods: the first at once, what follows once per interval, as a count. */
export class SummedEvent {
  readonly #write: (count: number) => void;
  #count = 0;
  /** Runs from a line on, as long as more comes in each interval. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `write` gets how many there were since it was called last. */
  constructor(write: (count: number) => void) {
    this.#write = write;
  }

  /** It happened once more, or `count` times. */
  add(count = 1): void {
    this.#count += count;
    if (this.#timer === undefined) this.#flush();
  }

  /** Writes what is left, and frees the timer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#count > 0) this.#write(this.#count);
    this.#count = 0;
  }

  #flush(): void {
    this.close();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#count > 0) this.#flush();
    }, INTERVAL_MS);
    this.#timer.unref();
  }
}
