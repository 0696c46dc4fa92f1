/**
 * A token bucket as one number: the time at which it is full again. A token that is taken moves that time on by what the
 * bucket needs to get one back, and none is left where it would be more than a whole filling away (GCRA).
 */
export interface BucketSize {
  /** Time for one token, in ms. */
  readonly interval: number;
  /** Tokens of a full bucket. */
  readonly burst: number;
}

/** What adding up fractions of a millisecond may be off by. */
const SLACK_MS = 1e-3;

/** How long it takes in ms, at `now`, until a bucket that is full at `fullAt` has a token; 0 where it has one. */
export function waitOf(fullAt: number, now: number, { interval, burst }: BucketSize): number {
  const missing = fullAt > now ? fullAt - now : 0;
  const wait = missing + interval - interval * burst;
  return wait > SLACK_MS ? wait : 0;
}

/** When it is full again after one is taken. */
export function afterTaking(fullAt: number, now: number, { interval }: BucketSize): number {
  return (fullAt > now ? fullAt : now) + interval;
}

/** Whole tokens that are left. */
export function tokensOf(fullAt: number, now: number, { interval, burst }: BucketSize): number {
  const missing = fullAt > now ? fullAt - now : 0;
  return Math.max(0, Math.floor(burst - missing / interval + SLACK_MS));
}
