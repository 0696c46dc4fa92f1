import { TICK } from "../base/tick.ts";
import { Lowest } from "./lowest.ts";
import { type Candidate, FEW, isFree } from "./policy.ts";

/** Stands for a server without a passed probe: before all times. */
const UNKNOWN_MS = -1;
/** Of more than a few, time for which the fastest of all stays that, while it has room. */
const LOOK_MS = 20;

/**
 * Picks the server whose last passed probe took the least time, among those that have room; equals, and servers of
 * which no probe has passed yet, which come first, take turns by their weights.
 *
 * All requests go to that one server until a probe says otherwise or it is full (`max_connections`, `max_requests`):
 * right for one near server with others as a reserve, wrong for sharing out a load. Of more than 64 servers that is looked
 * up every 20 ms.
 */
export class Fastest<C extends Candidate> extends Lowest<C> {
  readonly #now: () => number;
  #candidates: readonly C[] = [];
  /** Of many, the one that alone was the fastest at the last look. */
  #only: C | undefined;
  #lookedAt = -Infinity;

  /** `now` is a clock in ms. */
  constructor(now: () => number = () => TICK.now()) {
    super(({ probeMs }) => probeMs ?? UNKNOWN_MS, UNKNOWN_MS);
    this.#now = now;
  }

  override update(available: readonly C[]): void {
    super.update(available);
    this.#candidates = available;
    this.#lookedAt = -Infinity;
  }

  override pick(excluded?: ReadonlySet<C>): C | undefined {
    if (this.#candidates.length <= FEW || excluded !== undefined) return super.pick(excluded);
    const now = this.#now();
    if (Math.abs(now - this.#lookedAt) < LOOK_MS) {
      if (this.#only !== undefined && isFree(this.#only)) return this.#only;
      return super.pick();
    }
    this.#lookedAt = now;
    const picked = super.pick();
    this.#only = picked !== undefined && this.#isAlone(picked) ? picked : undefined;
    return picked;
  }

  /** Whether it has a time, and no other has the same. */
  #isAlone({ probeMs }: C): boolean {
    if (probeMs === undefined) return false;
    let alike = 0;
    for (const other of this.#candidates) if (other.probeMs === probeMs) alike++;
    return alike === 1;
  }
}
