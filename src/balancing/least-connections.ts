import { Lowest } from "./lowest.ts";
import type { Candidate } from "./policy.ts";

/**
 * Picks the server with the fewest requests under way per unit of weight; an idle backend is shared out as by round
 * robin. A failed answer counts as if it took as long as a good one: see `FailedLoad`.
 */
export class LeastConnections<C extends Candidate> extends Lowest<C> {
  /** `now` is a clock in ms. */
  constructor(now?: () => number) {
    super(
      ({ inFlight, failedLoad, weight }, now) =>
        (failedLoad.isZero ? inFlight : inFlight + failedLoad.at(now())) / weight,
      0,
      now,
    );
  }
}
