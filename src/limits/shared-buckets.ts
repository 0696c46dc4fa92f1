import type { BucketSize } from "./bucket.ts";

/** One bucket of several that a request has to pass. */
export interface SharedBucket extends BucketSize {
  readonly key: string;
  /** Whether it is only counted in: it takes part in no decision. */
  readonly dry: boolean;
}

/** What a store has decided. */
export interface SharedDecision {
  /** Whether a token was taken of each that is not dry, or of none. */
  readonly passes: boolean;
  /** For how long each bucket was not full before, in ms. */
  readonly missing: readonly number[];
}

/** Where buckets are that several proxies share. */
export interface SharedBuckets {
  /** Takes a token of all `buckets`, or of none, and tells `done` once; undefined where that cannot be known in time. */
  take(buckets: readonly SharedBucket[], done: (decision: SharedDecision | undefined) => void): void;
  /** Whether it answers; false before it was asked. */
  readonly isUp: boolean;
}
