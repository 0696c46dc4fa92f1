import type { Candidate, Policy } from "./policy.ts";
import { Turns } from "./turns.ts";

/**
 * Picks the server with the fewest requests under way per unit of weight. Several with equally few take turns
 * by their weights, so that an idle backend is shared out as by round robin, and no server is always the first.
 */
export class LeastConnections<C extends Candidate> implements Policy<C> {
  readonly #turns = new Turns<C>();
  #candidates: readonly C[] = [];
  #least = 0;
  readonly #isLeast = (candidate: C) => !candidate.full && load(candidate) === this.#least;

  update(available: readonly C[]): void {
    this.#candidates = available;
    this.#turns.update(available);
  }

  pick(): C | undefined {
    let least = Infinity;
    for (const candidate of this.#candidates) {
      const its = load(candidate);
      if (its < least && !candidate.full) least = its;
    }
    this.#least = least;
    return this.#turns.next(this.#isLeast);
  }
}

function load({ inFlight, weight }: Candidate): number {
  return inFlight / weight;
}
