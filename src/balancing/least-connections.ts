import { type Candidate, isFree, type Policy } from "./policy.ts";
import { Turns } from "./turns.ts";

/**
 * Picks the server with the fewest requests under way per unit of weight. Several with equally few take turns
 * by their weights, so that an idle backend is shared out as by round robin, and no server is always the first.
 */
export class LeastConnections<C extends Candidate> implements Policy<C> {
  readonly #turns = new Turns<C>();
  #candidates: readonly C[] = [];

  update(available: readonly C[]): void {
    this.#candidates = available;
    this.#turns.update(available);
  }

  pick(excluded?: ReadonlySet<C>): C | undefined {
    let least = Infinity;
    for (const candidate of this.#candidates) {
      const its = load(candidate);
      if (its < least && isFree(candidate, excluded)) least = its;
    }
    return this.#turns.next((candidate) => isFree(candidate, excluded) && load(candidate) === least);
  }
}

function load({ inFlight, weight }: Candidate): number {
  return inFlight / weight;
}
