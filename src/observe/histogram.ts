/** Upper bounds in seconds of the buckets that metrics show: the usual ones of Prometheus' clients. */
export const BOUNDS: readonly number[] = [
  0.005,
  0.01,
  0.025,
  0.05,
  0.075,
  0.1,
  0.25,
  0.5,
  0.75,
  1,
  2.5,
  5,
  7.5,
  10,
];

/** The fine buckets run from 256 µs to 67 s; what is below or above is in the first or the last. */
const LOWEST_POWER = 8;
const HIGHEST_POWER = 26;
/** Fine bounds from one power of two to the next: so that a quantile is 10 % off at most, mostly far less. */
const STEPS = 4;

/** Upper bounds of the fine buckets in seconds; those of `BOUNDS` are among them, so that sums of fine ones are exact. */
const FINE_BOUNDS: readonly number[] = fineBounds();
/** Buckets of a histogram: one for each fine bound, and the last for everything above. */
export const BUCKETS = FINE_BOUNDS.length + 1;

/** Lowest and highest duration, in µs, that the table of first buckets knows. */
const LOWEST = 2 ** LOWEST_POWER;
const HIGHEST = 2 ** HIGHEST_POWER;
/** By power of two and step: the first bucket that a duration from there on can be in. */
const FIRST = firstBuckets();
/** For each of `BOUNDS` the number of fine buckets up to it. */
const ENDS = BOUNDS.map((bound) => FINE_BOUNDS.indexOf(bound) + 1);

/** Counts durations in fine buckets. */
export class Histogram {
  /** Observations in each bucket alone, not summed up. */
  readonly counts = new Float64Array(BUCKETS);
  /** Sum of all observations in seconds. */
  sum = 0;

  observe(seconds: number): void {
    const micros = seconds * 1e6;
    let i = 0;
    if (micros >= HIGHEST) i = BUCKETS - 1;
    else if (micros >= LOWEST) {
      const whole = micros | 0;
      const power = 31 - Math.clz32(whole);
      // The two bits below the highest are the step.
      i = FIRST[(power - LOWEST_POWER) * STEPS + ((whole >>> (power - 2)) & (STEPS - 1))]!;
      while (seconds > FINE_BOUNDS[i]!) i++;
    }
    this.counts[i]! += 1;
    this.sum += seconds;
  }

  /** Adds what `other` has counted. */
  add(other: Histogram): void {
    for (let i = 0; i < BUCKETS; i++) this.counts[i]! += other.counts[i]!;
    this.sum += other.sum;
  }

  /** Observations between two of `BOUNDS`, not summed up; the last is for everything above the last bound. */
  get buckets(): readonly number[] {
    let from = 0;
    return [...ENDS, BUCKETS].map((end) => {
      let count = 0;
      for (; from < end; from++) count += this.counts[from]!;
      return count;
    });
  }
}

/**
 * The duration in seconds below which the share `q` (0 to 1) of the observations in `counts` is; undefined where there is
 * none. Within a bucket they count as evenly spread, and above the last bound as that bound.
 */
export function quantileOf(counts: ArrayLike<number>, q: number): number | undefined {
  let total = 0;
  for (let i = 0; i < BUCKETS; i++) total += counts[i]!;
  if (total === 0) return undefined;
  const wanted = q * total;
  let below = 0;
  for (let i = 0; i < FINE_BOUNDS.length; i++) {
    const here = counts[i]!;
    if (here > 0 && below + here >= wanted) {
      const from = i === 0 ? 0 : FINE_BOUNDS[i - 1]!;
      return from + (FINE_BOUNDS[i]! - from) * (wanted - below) / here;
    }
    below += here;
  }
  return FINE_BOUNDS.at(-1)!;
}

function fineBounds(): readonly number[] {
  const bounds = new Set(BOUNDS);
  for (let power = LOWEST_POWER; power < HIGHEST_POWER; power++) {
    for (let step = 0; step < STEPS; step++) bounds.add(2 ** power * (1 + step / STEPS) / 1e6);
  }
  bounds.add(2 ** HIGHEST_POWER / 1e6);
  return [...bounds].sort((a, b) => a - b);
}

function firstBuckets(): Uint8Array {
  const cells = (HIGHEST_POWER - LOWEST_POWER) * STEPS;
  return Uint8Array.from({ length: cells }, (_, cell) => {
    const from = 2 ** (LOWEST_POWER + Math.floor(cell / STEPS)) * (1 + (cell % STEPS) / STEPS) / 1e6;
    return FINE_BOUNDS.findIndex((bound) => bound >= from);
  });
}
