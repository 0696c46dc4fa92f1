/** Up to so many candidates all may be looked at for each pick. */
export const FEW = 64;

/** What a policy needs to know of a server. */
export interface Candidate {
  /** Its URL: what tells it from the others, in every proxy alike. */
  readonly name: string;
  /** Share of the requests in relation to the others: a whole number, 1 or more. */
  readonly weight: number;
  /** Rank among the tiers of the policy `priority`; the lowest is used first. */
  readonly priority: number;
  /** Requests under way. */
  readonly inFlight: number;
  /** What requests that failed of late count for, as if they were under way. */
  readonly failedLoad: { readonly isZero: boolean; at(now: number): number };
  /** Whether it has as many requests under way, or since its last probe, as it may have. */
  readonly full: boolean;
  /** Time to the response headers. */
  readonly latency: Latency;
  /** The same time, where what is slow counts at once: see `PeakAverage`. */
  readonly peak: Latency;
  /** Time that its last passed probe took, in ms; undefined while none has passed. */
  readonly probeMs: number | undefined;
  /** The last that it said of its own load; undefined where it says nothing, or nobody asks. */
  readonly report: LoadReport | undefined;
}

export interface LoadReport {
  /** Share of what it can do that is taken, 0 to 1. */
  readonly utilization: number;
  /** When it said so, on the clock of `performance.now()`. */
  readonly at: number;
}

/** A moving average of times. */
export interface Latency {
  /** In ms, or undefined while nothing was measured. */
  readonly averageMs: number | undefined;
}

export function isFree<C extends Candidate>(candidate: C, excluded?: ReadonlySet<C>): boolean {
  return !candidate.full && (excluded === undefined || !excluded.has(candidate));
}

/**
 * Picks a server among those that are available. What can be worked out once for a set of servers is worked out
 * in `update`; `pick` is for what changes with every request.
 */
export interface Policy<C extends Candidate> {
  /** Names the candidates, in the order of the config; called when they change, not per request. */
  update(available: readonly C[]): void;
  /**
   * Goes on where `before` is, the policy of the same backend in the config before: what is known of a candidate holds for
   * the one with its name. Comes before the first `update`; without effect where that is a policy of another kind.
   */
  takeOver?(before: Policy<C>): void;
  /**
   * The server for the next request, or undefined where all are full or `excluded`, or there is none. `key` is what
   * requests that belong together have in common; most policies do not look at it.
   */
  pick(excluded?: ReadonlySet<C>, key?: string): C | undefined;
}
