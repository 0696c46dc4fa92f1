import type { Latency } from "./policy.ts";

/** Time in which what is above the samples falls to 1/e of itself. */
const TIME_CONSTANT_MS = 10_000;

/**
 * A moving average of a server's times to its response headers that looks out for slowness: a higher sample counts
 * at once and whole, lower ones bring it down by the time that has passed (peak EWMA, as in Finagle).
 */
export class PeakAverage implements Latency {
  averageMs: number | undefined;
  #sampledAt = 0;

  /** Adds a sample of `ms` that came at `now`, on any clock in ms. */
  add(ms: number, now: number): void {
    const before = this.averageMs;
    if (before === undefined || ms >= before) this.averageMs = ms;
    else {
      this.averageMs = ms + (before - ms) * Math.exp(-Math.max(0, now - this.#sampledAt) / TIME_CONSTANT_MS);
    }
    this.#sampledAt = now;
  }
}
