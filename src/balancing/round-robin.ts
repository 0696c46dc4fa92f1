import type { Candidate, Policy } from "./policy.ts";

/**
 * Smooth weighted round robin: in every run of as many picks as the weights add up to, each server gets its
 * weight, and the picks of one server are spread out, not bunched.
 *
 * Each pick adds every server's weight to its credit, takes the one with the most, and charges it the sum of
 * all weights (the algorithm of nginx, ngx_http_upstream_round_robin.c). Equal weights are a plain rotation.
 */
export class RoundRobin<C extends Candidate> implements Policy<C> {
  #candidates: readonly C[] = [];
  #credits: number[] = [];
  #total = 0;
  #equal = true;
  #next = 0;

  update(available: readonly C[]): void {
    const credits = new Map(this.#candidates.map((candidate, i) => [candidate, this.#credits[i]!]));
    this.#candidates = available.filter((candidate) => candidate.weight > 0);
    this.#credits = this.#candidates.map((candidate) => credits.get(candidate) ?? 0);
    this.#total = this.#candidates.reduce((sum, candidate) => sum + candidate.weight, 0);
    this.#equal = this.#candidates.every((candidate) => candidate.weight === this.#candidates[0]!.weight);
  }

  pick(): C | undefined {
    const candidates = this.#candidates;
    if (this.#equal) {
      if (this.#next >= candidates.length) this.#next = 0;
      return candidates[this.#next++];
    }
    let best = 0;
    for (let i = 0; i < candidates.length; i++) {
      this.#credits[i]! += candidates[i]!.weight;
      if (this.#credits[i]! > this.#credits[best]!) best = i;
    }
    this.#credits[best]! -= this.#total;
    return candidates[best];
  }
}
