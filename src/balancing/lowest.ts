import { TICK } from "../base/tick.ts";
import { type Candidate, isFree, type Policy } from "./policy.ts";
import { WeightedTurns } from "./weighted-turns.ts";

/**
 * Picks the candidate of the lowest cost at this moment, among those that have room. Several with equally low ones take
 * turns by their weights, so that no server is always the first.
 */
export class Lowest<C extends Candidate> implements Policy<C> {
  readonly #cost: (candidate: C, now: number) => number;
  readonly #now: () => number;
  readonly #turns = new WeightedTurns<C>();
  #candidates: readonly C[] = [];

  /** `now` is a clock in ms, which is looked at where a request failed of late. */
  constructor(cost: (candidate: C, now: number) => number, now: () => number = () => TICK.now()) {
    this.#cost = cost;
    this.#now = now;
  }

  update(available: readonly C[]): void {
    this.#candidates = available;
    this.#turns.update(available);
  }

  takeOver(before: Policy<C>): void {
    if (before instanceof Lowest && before.constructor === this.constructor) {
      this.#turns.takeOver(before.#turns);
    }
  }

  pick(excluded?: ReadonlySet<C>): C | undefined {
    const cost = this.#cost;
    const now = this.#candidates.every(hasNotFailed) ? 0 : this.#now();
    let least = Infinity;
    for (const candidate of this.#candidates) {
      const its = cost(candidate, now);
      if (its < least && isFree(candidate, excluded)) least = its;
    }
    return this.#turns.next((candidate) => isFree(candidate, excluded) && cost(candidate, now) === least);
  }
}

function hasNotFailed({ failedLoad }: Candidate): boolean {
  return failedLoad.isZero;
}
