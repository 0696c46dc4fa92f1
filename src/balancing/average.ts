import type { Latency } from "./policy.ts";

/** Share of a new sample. */
const ALPHA = 0.25;
/** Time without a sample after which what was known before counts for half. */
const HALF_LIFE_MS = 10_000;

/**
 * The moving average of a server's times to its response headers: the first sample, then a quarter of each new one
 * and three quarters of the average before. Where samples are seconds apart the new one counts for more, so that one
 * slow answer is not remembered for as many minutes as it takes requests to make up for it.
 */
export class MovingAverage implements Latency {
  averageMs: number | undefined;
  #sampledAt = 0;

  /** Adds a sample of `ms` that came at `now`, on any clock in ms. */
  add(ms: number, now: number): void {
    if (this.averageMs === undefined) this.averageMs = ms;
    else {
      const before = (1 - ALPHA) * 2 ** (-Math.max(0, now - this.#sampledAt) / HALF_LIFE_MS);
      this.averageMs = (ALPHA * ms + before * this.averageMs) / (ALPHA + before);
    }
    this.#sampledAt = now;
  }
}
