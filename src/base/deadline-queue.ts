/**
 * One timer for many that all wait equally long, in the order in which they began: for those that only wait, and are
 * too many to have a timer each.
 */
export class DeadlineQueue<T> {
  readonly #ms: number;
  readonly #expire: (item: T) => void;
  /** When each is over, in ms; a Map keeps the order in which they came. */
  readonly #items = new Map<T, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `expire` runs once for each item that waited `ms` milliseconds, at least 1, and is not in the queue any more then. */
  constructor(ms: number, expire: (item: T) => void) {
    this.#ms = Math.max(1, ms);
    this.#expire = expire;
  }

  /** Number of items that wait. */
  get size(): number {
    return this.#items.size;
  }

  /** Begins the wait of `item`, which is not in the queue. */
  add(item: T): void {
    this.#items.set(item, performance.now() + this.#ms);
    this.#timer ??= setTimeout(() => this.#fire(), Math.ceil(this.#ms));
  }

  /** Ends the wait of `item`, if it waits. The timer goes with the last. */
  delete(item: T): void {
    this.#items.delete(item);
    if (this.#items.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #fire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [item, at] of this.#items) {
      if (at > now + 0.5) {
        this.#timer ??= setTimeout(() => this.#fire(), Math.ceil(at - now));
        return;
      }
      this.#items.delete(item);
      this.#expire(item);
    }
  }
}
