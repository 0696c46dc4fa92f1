import { BUCKETS, quantileOf } from "./histogram.ts";
import type { Counted } from "./traffic.ts";

/** Numbers of one sample: requests, errors, and the buckets of the histogram. */
const COLUMNS = BUCKETS + 2;
const BUCKETS_FROM = 2;

/** What happened within a while. Latencies in ms; undefined where no request ended. */
export interface WindowFigures {
  readonly requests: number;
  readonly perSecond: number;
  /** How long the while was in fact, in ms. */
  readonly ms: number;
  readonly errors: number;
  /** Share of the requests that failed, 0 to 1. */
  readonly errorRate: number;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** All that is counted of something at one moment, in one row: a sample, or what was counted between two of them. */
export class Counts {
  readonly #row = new Float64Array(COLUMNS);

  /** The sum of `parts`. */
  static of(parts: Iterable<Counted>): Counts {
    const counts = new Counts();
    const row = counts.#row;
    for (const { requests, errors, durations } of parts) {
      row[0]! += requests;
      row[1]! += errors;
      for (let i = 0; i < BUCKETS; i++) row[BUCKETS_FROM + i]! += durations.counts[i]!;
    }
    return counts;
  }

  get isNone(): boolean {
    return this.#row[0] === 0 && this.#row.every((count) => count === 0);
  }

  /** Writes it into `rows` as its row number `index`, modulo 2 ** 32. */
  writeTo(rows: Uint32Array, index: number): void {
    rows.set(this.#row, index * COLUMNS);
  }

  /** What has been counted since row number `index` of `rows`; undefined where it counts less than that. */
  since(rows: Uint32Array, index: number): Counts | undefined {
    const counts = new Counts();
    for (let i = 0; i < COLUMNS; i++) {
      const more = (this.#row[i]! - rows[index * COLUMNS + i]!) >>> 0;
      if (more >= 2 ** 31) return undefined;
      counts.#row[i] = more;
    }
    return counts;
  }

  /** As figures of the `ms` in which it was counted. */
  over(ms: number): WindowFigures {
    const [requests, errors] = this.#row as unknown as [number, number];
    const buckets = this.#row.subarray(BUCKETS_FROM);
    const quantile = (q: number) => {
      const seconds = quantileOf(buckets, q);
      return seconds === undefined ? undefined : seconds * 1000;
    };
    return {
      requests,
      perSecond: requests * 1000 / Math.max(1000, ms),
      ms,
      errors,
      errorRate: requests === 0 ? 0 : errors / requests,
      p50Ms: quantile(0.5),
      p95Ms: quantile(0.95),
      p99Ms: quantile(0.99),
    };
  }
}

/** The last samples of one thing, each with its moment. */
export class SampleRing {
  readonly #size: number;
  /** Made with the first sample that is not nothing: most of a thousand servers may never get a request. */
  #rows: Uint32Array | undefined;
  readonly #times: Float64Array;
  #taken = 0;

  /** Keeps `size` samples. */
  constructor(size: number) {
    this.#size = size;
    this.#times = new Float64Array(size);
  }

  /** Bytes that it holds. */
  get bytes(): number {
    return this.#times.byteLength + (this.#rows?.byteLength ?? 0);
  }

  add(counts: Counts, now: number): void {
    const index = this.#taken % this.#size;
    this.#taken++;
    this.#times[index] = now;
    if (this.#rows === undefined) {
      if (counts.isNone) return;
      this.#rows = new Uint32Array(this.#size * COLUMNS); // the samples so far were nothing
    }
    counts.writeTo(this.#rows, index);
  }

  /**
   * What `counts`, taken at `now`, has more than the newest sample that is at least `ms` old, or than the oldest there is,
   * and how long ago that was. Undefined where it has less: what is counted began anew. There has to be a sample.
   */
  last(ms: number, counts: Counts, now: number): { more: Counts; ms: number } | undefined {
    const kept = Math.min(this.#taken, this.#size);
    let back = 1;
    while (back < kept && now - this.#timeOf(back) < ms) back++;
    const index = (this.#taken - back) % this.#size;
    const more = this.#rows === undefined ? counts : counts.since(this.#rows, index);
    return more && { more, ms: now - this.#timeOf(back) };
  }

  /** Requests per second between each two samples, the newest first. */
  rates(): number[] {
    const kept = Math.min(this.#taken, this.#size);
    return Array.from({ length: kept - 1 }, (_, i) => {
      const [from, to] = [i + 2, i + 1].map((back) => ({
        requests: this.#rows?.[((this.#taken - back) % this.#size) * COLUMNS] ?? 0,
        at: this.#timeOf(back),
      })) as [{ requests: number; at: number }, { requests: number; at: number }];
      return ((to.requests - from.requests) >>> 0) * 1000 / Math.max(1, to.at - from.at);
    });
  }

  /** The time of the sample that is `back` before the next. */
  #timeOf(back: number): number {
    return this.#times[(this.#taken - back) % this.#size]!;
  }
}
