import type { Candidate } from "./policy.ts";

/**
 * Whose turn it is among candidates, or among some of them: smooth weighted round robin.
 *
 * Each turn adds every taking part's weight to its credit, goes to the one with the most, and charges it the sum
 * of these weights (the algorithm of nginx, ngx_http_upstream_round_robin.c).
 */
export class WeightedTurns<C extends Candidate> {
  #candidates: readonly C[] = [];
  #credits: number[] = [];
  #equal = true;
  #next = 0;

  /** Names the candidates; who was there before, by its name, keeps its credit and its place in the turn. */
  update(candidates: readonly C[]): void {
    const credits = new Map(this.#candidates.map(({ name }, i) => [name, this.#credits[i]!]));
    this.#next = positionBehind(this.#candidates, this.#next, candidates);
    this.#candidates = candidates;
    this.#credits = candidates.map(({ name }) => credits.get(name) ?? 0);
    this.#equal = candidates.every((candidate) => candidate.weight === candidates[0]!.weight);
  }

  /** Goes on where `before` is; comes before the first `update`. */
  takeOver(before: WeightedTurns<C>): void {
    this.#candidates = before.#candidates;
    this.#credits = [...before.#credits];
    this.#next = before.#next;
  }

  /** The next in turn among those that `takesPart` says so of, or undefined where there is none. */
  next(takesPart: (candidate: C) => boolean): C | undefined {
    return this.#equal ? this.#rotate(takesPart) : this.#weigh(takesPart);
  }

  /**
   * The next in turn among the cheapest of those that `takesPart` says so of. Nothing costs less than `least`. Neither may
   * change in between.
   */
  cheapest(
    costOf: (candidate: C) => number,
    least: number,
    takesPart: (candidate: C) => boolean,
  ): C | undefined {
    const candidates = this.#candidates;
    let best = -1;
    let lowest = Infinity;
    for (let i = 0, at = this.#next; i < candidates.length && lowest > least; i++, at++) {
      if (at >= candidates.length) at = 0;
      const candidate = candidates[at]!;
      const its = costOf(candidate);
      if (its >= lowest || !takesPart(candidate)) continue;
      best = at;
      lowest = its;
    }
    if (best === -1) return undefined;
    if (!this.#equal) return this.#weigh((candidate) => costOf(candidate) === lowest && takesPart(candidate));
    this.#next = best + 1; // the first of them from where the turn is
    return candidates[best];
  }

  #rotate(takesPart: (candidate: C) => boolean): C | undefined {
    const candidates = this.#candidates;
    for (let i = 0; i < candidates.length; i++) {
      if (this.#next >= candidates.length) this.#next = 0;
      const candidate = candidates[this.#next++]!;
      if (takesPart(candidate)) return candidate;
    }
    return undefined;
  }

  #weigh(takesPart: (candidate: C) => boolean): C | undefined {
    const candidates = this.#candidates;
    let best = -1;
    let total = 0;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i]!;
      if (!takesPart(candidate)) continue;
      total += candidate.weight;
      this.#credits[i]! += candidate.weight;
      if (best === -1 || this.#credits[i]! > this.#credits[best]!) best = i;
    }
    if (best === -1) return undefined;
    this.#credits[best]! -= total;
    return candidates[best];
  }
}

/** Position among `candidates` of the first of `before`, from `start` on, that is still there by its name; else 0. */
export function positionBehind<C extends Candidate>(
  before: readonly C[],
  start: number,
  candidates: readonly C[],
): number {
  const positions = new Map(candidates.map(({ name }, i) => [name, i]));
  for (const { name } of before.slice(start)) {
    const position = positions.get(name);
    if (position !== undefined) return position;
  }
  return 0;
}
