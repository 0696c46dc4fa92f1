import { TICK } from "../base/tick.ts";
import { type Candidate, isFree, type Policy } from "./policy.ts";
import { WeightedTurns } from "./weighted-turns.ts";

/** What a candidate costs; `now` is a clock in ms that stands still during a pick. */
export type Cost<C> = (candidate: C, now: () => number) => number;

/**
 * Picks the candidate of the lowest cost at this moment, among those that have room. Several with equally low ones take
 * turns by their weights, so that no server is always the first.
 */
export class Lowest<C extends Candidate> implements Policy<C> {
  readonly #turns = new WeightedTurns<C>();
  readonly #least: number;
  readonly #costOf: (candidate: C) => number;
  /** The time of this pick, once somebody has asked for it: that is where a request failed of late. */
  #at: number | undefined;

  /** Nothing costs less than `least`, so that nobody looks further where that is found. `now` is a clock in ms. */
  constructor(cost: Cost<C>, least: number, now: () => number = () => TICK.now()) {
    const at = () => this.#at ??= now();
    this.#costOf = (candidate) => cost(candidate, at);
    this.#least = least;
  }

  update(available: readonly C[]): void {
    this.#turns.update(available);
  }

  takeOver(before: Policy<C>): void {
    if (before instanceof Lowest && before.constructor === this.constructor) {
      this.#turns.takeOver(before.#turns);
    }
  }

  pick(excluded?: ReadonlySet<C>): C | undefined {
    this.#at = undefined;
    const takesPart = excluded === undefined
      ? isFree // nearly always: no closure
      : (candidate: C) => isFree(candidate, excluded);
    return this.#turns.cheapest(this.#costOf, this.#least, takesPart);
  }
}
