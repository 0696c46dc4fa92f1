import { positionAt } from "./draw.ts";
import { type Candidate, isFree, type Policy } from "./policy.ts";

/**
 * Draws two different servers, each by its weight, and picks the one with fewer requests under way per unit of
 * weight; the first drawn if they are equal (the power of two choices: Mitzenmacher, IEEE TPDS 12(10), 2001).
 *
 * Needs no look at all servers, and several proxies that do not know of each other do not all run to the same
 * server, as they do when each picks the least loaded.
 */
export class RandomOfTwo<C extends Candidate> implements Policy<C> {
  readonly #random: () => number;
  #candidates: readonly C[] = [];
  /** Sums of the weights up to and with each candidate. */
  #sums: number[] = [];

  /** `random` gives numbers from 0 up to, without, 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  update(available: readonly C[]): void {
    let sum = 0;
    this.#candidates = available;
    this.#sums = available.map(({ weight }) => sum += weight);
  }

  pick(excluded?: ReadonlySet<C>): C | undefined {
    const candidates = this.#candidates;
    const total = this.#sums.at(-1) ?? 0;
    if (candidates.length === 0) return undefined;
    const first = positionAt(this.#sums, this.#random() * total);
    const one = candidates[first]!;
    const oneIsFree = isFree(one, excluded);
    if (candidates.length === 1) return oneIsFree ? one : undefined;
    // The second draw leaves the first server's share out.
    const from = this.#sums[first]! - one.weight;
    const drawn = this.#random() * (total - one.weight);
    const other = candidates[positionAt(this.#sums, drawn < from ? drawn : drawn + one.weight)]!;
    const otherIsFree = isFree(other, excluded);
    if (!oneIsFree) return otherIsFree ? other : this.#anyFree(excluded);
    if (!otherIsFree) return one;
    return other.inFlight * one.weight < one.inFlight * other.weight ? other : one;
  }

  /** Two that cannot be picked do not mean that none can. */
  #anyFree(excluded: ReadonlySet<C> | undefined): C | undefined {
    const free = this.#candidates.filter((candidate) => isFree(candidate, excluded));
    let point = this.#random() * free.reduce((sum, { weight }) => sum + weight, 0);
    return free.find(({ weight }) => (point -= weight) < 0);
  }
}
