import type { LimitConfig } from "../config/sections/rate-limit.ts";
import { nameOfLimit } from "../config/sections/rate-limit.ts";
import { type BucketSize, waitOf } from "./bucket.ts";

/** The bucket that a limit gives each key. */
export function bucketOf({ rate, burst = rate.count }: Pick<LimitConfig, "rate" | "burst">): BucketSize {
  return { interval: rate.ms / rate.count, burst };
}

/**
 * What the field RateLimit-Policy says of a limit (draft-ietf-httpapi-ratelimit-headers-11): how many requests in how many
 * seconds. That is a bucket and the time that it takes to fill; where it fills within a second, what flows in in one.
 */
export function policyItem(config: LimitConfig): string {
  const { interval, burst } = bucketOf(config);
  const seconds = Math.max(1, Math.ceil(burst * interval / 1000));
  const quota = Math.max(burst, Math.floor(seconds * 1000 / interval));
  return `"${nameOfLimit(config)}";q=${quota};w=${seconds}`;
}

/** What the field RateLimit says of it (the same draft): how many requests are left, and how long it takes until more are. */
export function stateItem(name: string, left: number, seconds: number): string {
  return `"${name}";r=${left};t=${seconds}`;
}

/** In how many seconds there are all of the requests again; where none is left, in how many there is one. */
export function secondsOf(left: number, fullAt: number, now: number, size: BucketSize): number {
  return wholeSeconds(left === 0 ? waitOf(fullAt, now, size) : fullAt - now);
}

/** Whole seconds, so that after them it is over. */
export function wholeSeconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000));
}
