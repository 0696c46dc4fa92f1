import { type Candidate, isFree, type Policy } from "./policy.ts";
import { WeightedTurns } from "./weighted-turns.ts";

/**
 * Smooth weighted round robin: in every run of as many picks as the weights add up to, each server gets its
 * weight, and the picks of one server are spread out, not bunched. Equal weights are a plain rotation.
 */
export class RoundRobin<C extends Candidate> implements Policy<C> {
  readonly #turns = new WeightedTurns<C>();

  update(available: readonly C[]): void {
    this.#turns.update(available);
  }

  takeOver(before: Policy<C>): void {
    if (before instanceof RoundRobin) this.#turns.takeOver(before.#turns);
  }

  pick(excluded?: ReadonlySet<C>): C | undefined {
    if (excluded === undefined) return this.#turns.next(isFree); // nearly always: no closure
    return this.#turns.next((candidate) => isFree(candidate, excluded));
  }
}
