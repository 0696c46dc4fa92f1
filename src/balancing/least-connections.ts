import { Lowest } from "./lowest.ts";
import type { Candidate } from "./policy.ts";

/**
 * Picks the server with the fewest requests under way per unit of weight; an idle backend is shared out as by round
 * robin.
 */
export class LeastConnections<C extends Candidate> extends Lowest<C> {
  constructor() {
    super(({ inFlight, weight }) => inFlight / weight);
  }
}
