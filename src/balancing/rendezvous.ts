import { hashText, mix32 } from "./hash-text.ts";
import { type Candidate, isFree, type Policy } from "./policy.ts";
import { RoundRobin } from "./round-robin.ts";

/** Hashes there are. */
const HASHES = 2 ** 32;
/** What a product of fractions may be too high by, so that a bound of exactly 11 is not rounded up to 12. */
const ROUNDING = 1e-9;

/**
 * Picks by a key: equal keys get the same server while the servers are the same, and when one leaves only its own
 * keys move. Each server scores `-weight / ln(h)`, where `h` between 0 and 1 is the hash of key and server, and the
 * highest score wins (highest random weight: Thaler and Ravishankar, IEEE/ACM ToN 6(1), 1998; the weights:
 * Schindelhauer and Schomaker, SPAA 2005). Only names and weights count, so that several proxies, or one with another
 * order of servers, agree.
 *
 * With a load factor c, a server that has c times its share of the requests under way, rounded up, is passed over for
 * the next of the key's order (bounded loads: Mirrokni, Thorup and Zadimoghaddam, SODA 2018). Without a key it is
 * round robin.
 */
export class Rendezvous<C extends Candidate> implements Policy<C> {
  readonly #loadFactor: number;
  readonly #keyless = new RoundRobin<C>();
  #candidates: readonly C[] = [];
  /** Hash of each candidate's name. */
  #seeds: readonly number[] = [];
  #weight = 0;

  /** `loadFactor` above 1, or 0 for no bound. */
  constructor(loadFactor = 0) {
    this.#loadFactor = loadFactor;
  }

  update(available: readonly C[]): void {
    this.#keyless.update(available);
    this.#candidates = available;
    this.#seeds = available.map(({ name }) => hashText(name));
    this.#weight = available.reduce((sum, { weight }) => sum + weight, 0);
  }

  takeOver(before: Policy<C>): void {
    if (before instanceof Rendezvous) this.#keyless.takeOver(before.#keyless);
  }

  pick(excluded?: ReadonlySet<C>, key?: string): C | undefined {
    if (key === undefined) return this.#keyless.pick(excluded);
    const hash = hashText(key);
    const bound = this.#loadFactor > 0 ? this.#boundPerWeight() : Infinity;
    let best: C | undefined;
    let highest = 0;
    let bounded: C | undefined;
    let highestBounded = 0;
    for (let i = 0; i < this.#candidates.length; i++) {
      const candidate = this.#candidates[i]!;
      if (!isFree(candidate, excluded)) continue;
      const its = score(mix32(hash ^ this.#seeds[i]!), candidate.weight);
      if (its > highest) {
        best = candidate;
        highest = its;
      }
      if (its <= highestBounded || candidate.inFlight >= Math.ceil(bound * candidate.weight - ROUNDING)) {
        continue;
      }
      bounded = candidate;
      highestBounded = its;
    }
    return bounded ?? best; // all at their bound: others are full, or were tried
  }

  /** Requests under way that each unit of weight may have, the one that is picked for included. */
  #boundPerWeight(): number {
    let requests = 1;
    for (const { inFlight } of this.#candidates) requests += inFlight;
    return this.#loadFactor * requests / this.#weight;
  }
}

/** Score of a server of `weight`, above 0; `hash` from 0 to 2^32 - 1. */
function score(hash: number, weight: number): number {
  return -weight / Math.log((hash + 0.5) / HASHES); // the half keeps 0 and 1 out
}
