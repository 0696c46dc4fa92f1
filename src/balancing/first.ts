import { type Candidate, isFree, type Policy } from "./policy.ts";

/**
 * Picks the first server of the config that has room: the later ones stay unused until it is full
 * (`max_connections`) or gone, so that they can be switched off (HAProxy's `first`).
 */
export class First<C extends Candidate> implements Policy<C> {
  #candidates: readonly C[] = [];

  update(available: readonly C[]): void {
    this.#candidates = available;
  }

  pick(excluded?: ReadonlySet<C>): C | undefined {
    return this.#candidates.find((candidate) => isFree(candidate, excluded));
  }
}

/**
 * Picks the server with the lowest `priority` that has room, the first of the config among equals. A higher tier
 * serves only while everything before it is gone or full, and gives up its place when that returns.
 */
export class Priority<C extends Candidate> extends First<C> {
  override update(available: readonly C[]): void {
    super.update(available.toSorted((a, b) => a.priority - b.priority)); // stable: the config's order stays
  }
}
