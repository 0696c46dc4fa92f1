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
  /** Those of equal weights stand together. */
  #candidates: readonly C[] = [];
  #weights: readonly number[] = [];
  /** Hash of each candidate's name. */
  #seeds: readonly number[] = [];
  #weight = 0;

  /** `loadFactor` above 1, or 0 for no bound. */
  constructor(loadFactor = 0) {
    this.#loadFactor = loadFactor;
  }

  update(available: readonly C[]): void {
    this.#keyless.update(available);
    this.#candidates = available.toSorted((a, b) => a.weight - b.weight);
    this.#weights = this.#candidates.map(({ weight }) => weight);
    this.#seeds = this.#candidates.map(({ name }) => hashText(name));
    this.#weight = available.reduce((sum, { weight }) => sum + weight, 0);
  }

  takeOver(before: Policy<C>): void {
    if (before instanceof Rendezvous) this.#keyless.takeOver(before.#keyless);
  }

  pick(excluded?: ReadonlySet<C>, key?: string): C | undefined {
    if (key === undefined) return this.#keyless.pick(excluded);
    const hash = hashText(key);
    if (this.#loadFactor === 0) return this.#highest(hash, Infinity, excluded);
    return this.#highest(hash, this.#boundPerWeight(), excluded) ??
      this.#highest(hash, Infinity, excluded); // all at their bound: others are full, or were tried
  }

  /** The one with the highest score among those with room below the bound. */
  #highest(hash: number, boundPerWeight: number, excluded: ReadonlySet<C> | undefined): C | undefined {
    const weights = this.#weights;
    const seeds = this.#seeds;
    let best: C | undefined;
    let highest = 0;
    /** The highest hash among those of one weight, as among equals that decides without a score. */
    let highestHash = -1;
    let weight = 0;
    for (let i = 0; i < seeds.length; i++) {
      if (weights[i]! !== weight) {
        weight = weights[i]!;
        highestHash = -1;
      }
      const its = mix32(hash ^ seeds[i]!);
      if (its <= highestHash) continue; // nearly always: no look at the candidate itself
      const candidate = this.#candidates[i]!;
      if (!isFree(candidate, excluded)) continue;
      if (candidate.inFlight >= Math.ceil(boundPerWeight * weight - ROUNDING)) continue;
      highestHash = its;
      const score = scoreOf(its, weight);
      if (score <= highest) continue;
      best = candidate;
      highest = score;
    }
    return best;
  }

  /** Requests under way that each unit of weight may have, the one that is picked for included. */
  #boundPerWeight(): number {
    let requests = 1;
    for (const { inFlight } of this.#candidates) requests += inFlight;
    return this.#loadFactor * requests / this.#weight;
  }
}

/** Score of a server of `weight`, above 0; `hash` from 0 to 2^32 - 1. */
function scoreOf(hash: number, weight: number): number {
  return -weight / Math.log((hash + 0.5) / HASHES); // the half keeps 0 and 1 out
}
