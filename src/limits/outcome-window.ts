/** Parts that a window is counted in: what is older than the window leaves it in steps of one of them. */
const BUCKETS = 10;

/** Counts how requests ended within the last while, in buckets. */
export class OutcomeWindow {
  readonly #bucketMs: number;
  readonly #requests = new Float64Array(BUCKETS);
  readonly #errors = new Float64Array(BUCKETS);
  readonly #slow = new Float64Array(BUCKETS);
  /** Number of the newest bucket, counted from the beginning of the clock. */
  #newest = -BUCKETS;
  /** Sums of all buckets. */
  requests = 0;
  errors = 0;
  slow = 0;

  /** What ended `ms` milliseconds ago is forgotten, at most a tenth of that earlier. */
  constructor(ms: number) {
    this.#bucketMs = ms / BUCKETS;
  }

  /** Counts one more, which ended at `now`, on any clock in ms that never goes back. */
  add(isError: boolean, isSlow: boolean, now: number): void {
    this.#turn(Math.floor(now / this.#bucketMs));
    const i = this.#newest % BUCKETS;
    this.#requests[i]! += 1;
    this.requests++;
    if (isError) {
      this.#errors[i]! += 1;
      this.errors++;
    }
    if (isSlow) {
      this.#slow[i]! += 1;
      this.slow++;
    }
  }

  /** Forgets everything. */
  clear(): void {
    for (const counts of [this.#requests, this.#errors, this.#slow]) counts.fill(0);
    this.requests = this.errors = this.slow = 0;
  }

  #turn(bucket: number): void {
    if (bucket - this.#newest >= BUCKETS) {
      this.clear();
      this.#newest = bucket;
    }
    while (this.#newest < bucket) {
      const i = ++this.#newest % BUCKETS;
      this.requests -= this.#requests[i]!;
      this.errors -= this.#errors[i]!;
      this.slow -= this.#slow[i]!;
      this.#requests[i] = this.#errors[i] = this.#slow[i] = 0;
    }
  }
}
