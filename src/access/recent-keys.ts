/** How much a `RecentKeys` keeps, and for how long after its last use. */
export interface RecentKeysOptions {
  readonly limit: number;
  readonly lifeMs: number;
  readonly now: () => number;
}

/** A bounded set of texts that forgets those nobody asked for: the least recently used, and the old. */
export class RecentKeys {
  /** When each was used last, the least recent first. */
  readonly #used = new Map<string, number>();
  readonly #options: RecentKeysOptions;

  constructor(options: RecentKeysOptions) {
    this.#options = options;
  }

  /** Whether `key` is there; it counts as used. */
  has(key: string): boolean {
    const used = this.#used.get(key);
    if (used === undefined) return false;
    this.#used.delete(key);
    if (this.#options.now() - used >= this.#options.lifeMs) return false;
    this.add(key);
    return true;
  }

  /** Adds `key`, used now. */
  add(key: string): void {
    this.#used.delete(key);
    this.#used.set(key, this.#options.now());
    if (this.#used.size <= this.#options.limit) return;
    for (const [oldest] of this.#used) {
      this.#used.delete(oldest);
      return;
    }
  }
}
