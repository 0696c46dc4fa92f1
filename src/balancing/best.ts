import { TICK } from "../base/tick.ts";
import { type Candidate, FEW, isFree, type Policy } from "./policy.ts";
import { ScoreHeap } from "./score-heap.ts";
import { positionBehind } from "./weighted-turns.ts";

/** Milliseconds that each request under way counts for, and an average that is not known yet. */
const STEP_MS = 50;
/** Time unpicked after which an average counts for half. */
const HALF_LIFE_MS = 10_000;
/** Of more than a few, time after which all are looked at again. */
const LOOK_MS = 20;
/** How far the time that picks are counted from may lie back: a share of the far past would no longer fit a number. */
const OLDEST_BASE_MS = 100 * HALF_LIFE_MS;

/**
 * Picks the server with the lowest score, `average + 50 × requests under way`, in ms, where `average` is the
 * moving average of the time to the response headers, 50 while there is none. Equal scores take turns.
 *
 * An average halves with every 10 s in which its server was not picked. Without that, a server that was slow once
 * would never be picked, and so never measured, again. It counts from the pick, not from a sample: a server that
 * gives no samples because it fails does not get better by that.
 *
 * Of more than 64 servers a pick looks at a few: scores rise as servers are picked, and that they fell is noticed within
 * 20 ms.
 */
export class Best<C extends Candidate> implements Policy<C> {
  readonly #now: () => number;
  #candidates: readonly C[] = [];
  /** When each candidate was picked last, or joined. */
  #pickedAt: number[] = [];
  /**
   * What is left at `#base` of each candidate's average, as a share; above 1 for later picks. All fade alike from there, so
   * that a pick works out one power, not one for each candidate.
   */
  #shares: number[] = [];
  #base = 0;
  #start = 0;
  /** The scores of many. */
  #heap: ScoreHeap | undefined;
  #lookedAt = -Infinity;

  /** `now` is a clock in ms. */
  constructor(now: () => number = () => TICK.now()) {
    this.#now = now;
  }

  update(available: readonly C[]): void {
    const before = new Map(this.#candidates.map(({ name }, i) => [name, this.#pickedAt[i]!]));
    const now = this.#now();
    this.#start = positionBehind(this.#candidates, this.#start, available);
    this.#candidates = available;
    this.#pickedAt = available.map(({ name }) => before.get(name) ?? now);
    this.#heap = available.length > FEW ? new ScoreHeap(available.length) : undefined;
    this.#lookedAt = -Infinity;
    this.#rebase(now);
  }

  takeOver(before: Policy<C>): void {
    if (!(before instanceof Best)) return;
    this.#candidates = before.#candidates;
    this.#pickedAt = [...before.#pickedAt];
    this.#start = before.#start;
  }

  pick(excluded?: ReadonlySet<C>): C | undefined {
    const candidates = this.#candidates;
    const now = this.#now();
    if (now - this.#base > OLDEST_BASE_MS) this.#rebase(now);
    const left = shareLeft(now - this.#base);
    const best = this.#heap === undefined || excluded !== undefined
      ? this.#lowestOfAll(left, excluded)
      : this.#lowestOfMany(this.#heap, left, now);
    if (best === -1) return undefined;
    this.#start = best + 1; // after the picked one, so that equals take turns
    this.#pickedAt[best] = now;
    this.#shares[best] = shareLeft(this.#base - now);
    return candidates[best];
  }

  #lowestOfAll(left: number, excluded: ReadonlySet<C> | undefined): number {
    const candidates = this.#candidates;
    let best = -1;
    let lowest = Infinity;
    let at = this.#start;
    for (let i = 0; i < candidates.length; i++, at++) {
      if (at >= candidates.length) at = 0;
      const candidate = candidates[at]!;
      const its = score(candidate, this.#shares[at]! * left);
      if (its >= lowest || !isFree(candidate, excluded)) continue;
      best = at;
      lowest = its;
    }
    return best;
  }

  #lowestOfMany(heap: ScoreHeap, left: number, now: number): number {
    const scoreAt = (at: number) => score(this.#candidates[at]!, this.#shares[at]! * left);
    if (!(Math.abs(now - this.#lookedAt) < LOOK_MS)) {
      heap.tellAll(scoreAt);
      this.#lookedAt = now;
    }
    while (heap.lowestScore < Infinity) {
      const best = heap.lowest!;
      const candidate = this.#candidates[best]!;
      const its = candidate.full ? Infinity : scoreAt(best);
      if (its <= heap.lowestScore) {
        // As it stands once the request is on its way, and its average counts whole.
        heap.tellLowest(score(candidate, 1) + STEP_MS);
        return best;
      }
      heap.tellLowest(its);
    }
    return this.#lowestOfAll(left, undefined); // all were full: one may not be any more
  }

  #rebase(now: number): void {
    this.#base = now;
    this.#shares = this.#pickedAt.map((pickedAt) => shareLeft(now - pickedAt));
  }
}

/** Share of an average that is left `ms` after its server was picked. */
export function shareLeft(ms: number): number {
  return 2 ** (-ms / HALF_LIFE_MS);
}

/** Score in ms of a candidate of whose average a `share` is left; the lowest is picked. */
export function score({ latency, inFlight }: Candidate, share: number): number {
  return (latency.averageMs ?? STEP_MS) * Math.min(1, share) + inFlight * STEP_MS; // a clock that went back adds nothing
}
