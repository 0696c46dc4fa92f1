/** Upper bounds of the buckets in seconds: the usual ones of Prometheus' clients. */
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

/** Counts durations in buckets. */
export class Histogram {
  /** Observations in each bucket alone, not summed up; the last is for everything above the last bound. */
  readonly buckets: number[] = Array<number>(BOUNDS.length + 1).fill(0);
  /** Sum of all observations in seconds. */
  sum = 0;

  observe(seconds: number): void {
    let i = 0;
    while (i < BOUNDS.length && seconds > BOUNDS[i]!) i++;
    this.buckets[i]! += 1;
    this.sum += seconds;
  }
}
