import type { HedgeTime } from "../config/values/hedge-time.ts";
import { BUCKETS, Histogram, quantileOf } from "../observe/histogram.ts";

/** Time that answers are counted for, in ms: the window that runs and the one before it. */
const WINDOW_MS = 30_000;
/** Answers below which nobody knows how long one takes. */
const LEAST = 50;
/** How long a quantile is taken for true before it is worked out anew, in ms. */
const FRESH_MS = 1000;

/** How long a request waits for the head of an answer before a second attempt is made beside the first. */
export class HedgeDelay {
  readonly #time: HedgeTime;
  #windowAt = -Infinity;
  #counts = new Histogram();
  #before = new Histogram();
  #answers = 0;
  #answersBefore = 0;
  #ms = 0;
  #workedOutAt = -Infinity;

  constructor(time: HedgeTime) {
    this.#time = time;
  }

  /** The time in ms at `now`, on any clock in ms; undefined while too few answers came to tell. */
  ms(now: number): number | undefined {
    if ("ms" in this.#time) return this.#time.ms;
    this.#turn(now);
    if (this.#answers + this.#answersBefore < LEAST) return undefined;
    if (now - this.#workedOutAt >= FRESH_MS) {
      this.#workedOutAt = now;
      this.#ms = Math.max(1, this.#quantile(this.#time.quantile) * 1000);
    }
    return this.#ms;
  }

  /**
   * An answer came after `ms`, or nobody waited for it any longer, as the second attempt was faster. That counts as well:
   * else nothing slower than the quantile would ever be seen, and it would sink.
   */
  observe(ms: number, now: number): void {
    if ("ms" in this.#time) return;
    this.#turn(now);
    this.#counts.observe(ms / 1000);
    this.#answers++;
  }

  #quantile(q: number): number {
    const both = new Float64Array(BUCKETS);
    for (let i = 0; i < BUCKETS; i++) both[i] = this.#counts.counts[i]! + this.#before.counts[i]!;
    return quantileOf(both, q) ?? 0;
  }

  #turn(now: number): void {
    const age = now - this.#windowAt;
    if (age < WINDOW_MS) return;
    const follows = age < 2 * WINDOW_MS;
    this.#before = follows ? this.#counts : new Histogram();
    this.#answersBefore = follows ? this.#answers : 0;
    this.#counts = new Histogram();
    this.#answers = 0;
    this.#windowAt = follows ? this.#windowAt + WINDOW_MS : now;
  }
}
