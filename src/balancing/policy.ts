/** What a policy needs to know of a server. */
export interface Candidate {
  /** Share of the requests in relation to the others: a whole number, 1 or more. */
  readonly weight: number;
  /** Rank among the tiers of the policy `priority`; the lowest is used first. */
  readonly priority: number;
  /** Requests under way. */
  readonly inFlight: number;
  /** Whether it has as many requests under way as it may have. */
  readonly full: boolean;
  /** Time to the response headers. */
  readonly latency: Latency;
}

/** A moving average of times. */
export interface Latency {
  /** In ms, or undefined while nothing was measured. */
  readonly averageMs: number | undefined;
}

/** Whether `candidate` can be picked now. */
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
  /** The server for the next request, or undefined where all are full or `excluded`, or there is none. */
  pick(excluded?: ReadonlySet<C>): C | undefined;
}
