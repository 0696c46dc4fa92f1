/** Time that a good answer takes where none is known, in ms. */
const UNKNOWN_MS = 50;
/** Below this, what is left of a failed answer counts as nothing. */
const LEAST = 0.01;

/**
 * Counts a failed answer as one request under way, which fades over the time that a good answer takes. Without that, a
 * server that fails at once looks idle and is sent the most.
 */
export class FailedLoad {
  #load = 0;
  #at = 0;
  #goodMs = UNKNOWN_MS;

  /** A request failed at `now`, on any clock in ms; a good answer takes `goodMs`, where that is known. */
  add(now: number, goodMs: number | undefined): void {
    this.#load = this.at(now) + 1;
    this.#at = now;
    this.#goodMs = Math.max(1, goodMs ?? UNKNOWN_MS);
  }

  /** Whether there is none, which costs no look at the clock. */
  get isZero(): boolean {
    return this.#load === 0;
  }

  /** The number of requests under way that all of it stands for at `now`. */
  at(now: number): number {
    if (this.#load === 0) return 0;
    const left = this.#load * Math.exp(-Math.max(0, now - this.#at) / this.#goodMs);
    if (left >= LEAST) return left;
    this.#load = 0;
    return 0; // whoever asks twice gets one answer
  }
}
