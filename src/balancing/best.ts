import { TICK } from "../base/tick.ts";
import { type Candidate, isFree, type Policy } from "./policy.ts";
import { positionBehind } from "./weighted-turns.ts";

/** Milliseconds that each request under way counts for, and an average that is not known yet. */
const STEP_MS = 50;
/** Time unpicked after which an average counts for half. */
const HALF_LIFE_MS = 10_000;

/**
 * Picks the server with the lowest score, `average + 50 × requests under way`, in ms, where `average` is the
 * moving average of the time to the response headers, 50 while there is none. Equal scores take turns.
 *
 * An average halves with every 10 s in which its server was not picked. Without that, a server that was slow once
 * would never be picked, and so never measured, again. It counts from the pick, not from a sample: a server that
 * gives no samples because it fails does not get better by that.
 */
export class Best<C extends Candidate> implements Policy<C> {
  readonly #now: () => number;
  #candidates: readonly C[] = [];
  /** When each candidate was picked last, or joined. */
  #pickedAt: number[] = [];
  #start = 0;

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
    let best = -1;
    let lowest = Infinity;
    for (let i = 0; i < candidates.length; i++) {
      const at = (this.#start + i) % candidates.length;
      const candidate = candidates[at]!;
      if (!isFree(candidate, excluded)) continue;
      const its = score(candidate, now - this.#pickedAt[at]!);
      if (its >= lowest) continue;
      best = at;
      lowest = its;
    }
    if (best === -1) return undefined;
    this.#start = best + 1; // after the picked one, so that equals take turns
    this.#pickedAt[best] = now;
    return candidates[best];
  }
}

/** Score in ms of a candidate that was not picked for `unpickedMs`; the lowest is picked. */
export function score({ latency, inFlight }: Candidate, unpickedMs: number): number {
  const average = latency.averageMs ?? STEP_MS;
  return average * 2 ** (-Math.max(0, unpickedMs) / HALF_LIFE_MS) + inFlight * STEP_MS;
}
