import { TICK } from "../base/tick.ts";
import { positionAt } from "./draw.ts";
import { type Candidate, isFree, type LoadReport, type Policy } from "./policy.ts";

/** Time unpicked in which what is known of a server's latency falls to 1/e of itself. */
const TIME_CONSTANT_MS = 10_000;
/** Shortest latency that is told from others. */
const LEAST_MS = 1;
/** Time over which a server's own report fades. */
const REPORT_MS = 10_000;
/** The most utilization that counts: at 1 the cost would be infinite. */
const MOST_UTILIZED = 0.95;
/** Time for which the chances to be drawn are kept, so that a busy proxy does not look at every server each time. */
const CHANCES_MS = 20;

/**
 * Draws two servers and picks the one that costs less:
 *
 * `cost = peak latency × (1 + under way × average weight / weight) / (1 - min(reported utilization, 0.95))`
 *
 * The chance to be drawn is in proportion to `weight / cost²`. So equals share by weight, one that is twice as slow
 * gets a quarter at most, and nobody is left out for good. The two that were drawn are compared by what they cost at
 * this moment (the power of two choices: Mitzenmacher, IEEE TPDS 12(10), 2001). A latency fades while its server is
 * not picked, to 1/e in 10 s, so that a server that was slow once is tried again. An unknown latency counts as the
 * lowest known one.
 */
export class LoadAware<C extends Candidate> implements Policy<C> {
  readonly #now: () => number;
  readonly #random: () => number;
  #candidates: readonly C[] = [];
  /** When each candidate was picked last, or joined. */
  #pickedAt: number[] = [];
  #averageWeight = 1;
  /** Latency of servers of which none is known, in ms. */
  #unknownMs = LEAST_MS;
  /** Sums of the chances up to and with each candidate. */
  #sums: number[] = [];
  #summedAt = -Infinity;

  /** `now` is a clock in ms; `random` gives numbers from 0 up to, without, 1. */
  constructor(now: () => number = () => TICK.now(), random: () => number = Math.random) {
    this.#now = now;
    this.#random = random;
  }

  update(available: readonly C[]): void {
    const before = new Map(this.#candidates.map(({ name }, i) => [name, this.#pickedAt[i]!]));
    const now = this.#now();
    this.#candidates = available;
    this.#pickedAt = available.map(({ name }) => before.get(name) ?? now);
    this.#averageWeight = available.reduce((sum, { weight }) => sum + weight, 0) / available.length;
    this.#sums = available.map(() => 0);
    this.#summedAt = -Infinity;
  }

  takeOver(before: Policy<C>): void {
    if (!(before instanceof LoadAware)) return;
    this.#candidates = before.#candidates;
    this.#pickedAt = [...before.#pickedAt];
  }

  pick(excluded?: ReadonlySet<C>): C | undefined {
    if (this.#candidates.length === 0) return undefined;
    const now = this.#now();
    if (now - this.#summedAt >= CHANCES_MS) this.#sumUp(now);
    const at = this.#choose(excluded, now);
    if (at === -1) return undefined;
    this.#pickedAt[at] = now;
    return this.#candidates[at];
  }

  #choose(excluded: ReadonlySet<C> | undefined, now: number): number {
    const one = this.#draw();
    const other = this.#draw();
    if (!isFree(this.#candidates[one]!, excluded)) {
      return isFree(this.#candidates[other]!, excluded) ? other : this.#cheapest(excluded, now);
    }
    const changes = other !== one && isFree(this.#candidates[other]!, excluded) &&
      this.#costAt(other, now) < this.#costAt(one, now);
    return changes ? other : one;
  }

  #draw(): number {
    return positionAt(this.#sums, this.#random() * this.#sums.at(-1)!);
  }

  /** Picks where both that were drawn are full or excluded, while another may still be free. */
  #cheapest(excluded: ReadonlySet<C> | undefined, now: number): number {
    let best = -1;
    let lowest = Infinity;
    for (let i = 0; i < this.#candidates.length; i++) {
      if (!isFree(this.#candidates[i]!, excluded)) continue;
      const its = this.#costAt(i, now);
      if (its >= lowest) continue;
      best = i;
      lowest = its;
    }
    return best;
  }

  /** Works out the chances anew. */
  #sumUp(now: number): void {
    this.#summedAt = now;
    let unknownMs = Infinity;
    for (const { peak } of this.#candidates) unknownMs = Math.min(unknownMs, peak.averageMs ?? Infinity);
    this.#unknownMs = unknownMs === Infinity ? LEAST_MS : unknownMs;
    let lowest = Infinity;
    for (let i = 0; i < this.#sums.length; i++) {
      const its = this.#costAt(i, now);
      this.#sums[i] = its;
      if (its < lowest) lowest = its;
    }
    let sum = 0;
    for (let i = 0; i < this.#sums.length; i++) {
      // In proportion to the lowest: a square of large costs alone could come out as 0.
      sum += this.#candidates[i]!.weight * (lowest / this.#sums[i]!) ** 2;
      this.#sums[i] = sum;
    }
  }

  #costAt(i: number, now: number): number {
    const candidate = this.#candidates[i]!;
    const latencyMs = latencyOf(candidate.peak.averageMs ?? this.#unknownMs, now - this.#pickedAt[i]!);
    const queue = 1 + candidate.inFlight * this.#averageWeight / candidate.weight;
    return latencyMs * queue / (1 - Math.min(MOST_UTILIZED, utilizationOf(candidate.report, now)));
  }
}

/** What `ms` counts for after `unpickedMs`. */
function latencyOf(ms: number, unpickedMs: number): number {
  return Math.max(LEAST_MS, ms * Math.exp(-Math.max(0, unpickedMs) / TIME_CONSTANT_MS));
}

/** What a report says at `now`, 0 to 1: all of it when it is new, and less by the time that has passed. */
function utilizationOf(report: LoadReport | undefined, now: number): number {
  if (report === undefined) return 0;
  return report.utilization * Math.max(0, 1 - Math.max(0, now - report.at) / REPORT_MS);
}
