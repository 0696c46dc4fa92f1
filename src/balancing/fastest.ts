import { type Candidate, isFree, type Policy } from "./policy.ts";
import { Turns } from "./turns.ts";

/** Stands for a server without a passed probe: before all times. */
const UNKNOWN_MS = -1;

/**
 * Picks the server whose last passed probe took the least time, among those that have room; equals, and servers of
 * which no probe has passed yet, which come first, take turns by their weights.
 *
 * All requests go to that one server until a probe says otherwise or it is full (`max_connections`, `max_requests`):
 * right for one near server with others as a reserve, wrong for sharing out a load.
 */
export class Fastest<C extends Candidate> implements Policy<C> {
  readonly #turns = new Turns<C>();
  #candidates: readonly C[] = [];

  update(available: readonly C[]): void {
    this.#candidates = available;
    this.#turns.update(available);
  }

  pick(excluded?: ReadonlySet<C>): C | undefined {
    let least = Infinity;
    for (const candidate of this.#candidates) {
      const its = time(candidate);
      if (its < least && isFree(candidate, excluded)) least = its;
    }
    return this.#turns.next((candidate) => isFree(candidate, excluded) && time(candidate) === least);
  }
}

function time({ probeMs }: Candidate): number {
  return probeMs ?? UNKNOWN_MS;
}
