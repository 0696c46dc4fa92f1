import type { Candidate, Policy } from "./policy.ts";
import { Turns } from "./turns.ts";

/**
 * Smooth weighted round robin: in every run of as many picks as the weights add up to, each server gets its
 * weight, and the picks of one server are spread out, not bunched. Equal weights are a plain rotation.
 */
export class RoundRobin<C extends Candidate> implements Policy<C> {
  readonly #turns = new Turns<C>();

  update(available: readonly C[]): void {
    this.#turns.update(available);
  }

  pick(): C | undefined {
    return this.#turns.next(isFree);
  }
}

function isFree(candidate: Candidate): boolean {
  return !candidate.full;
}
