import type { RecentNetworks } from "./recent-networks.ts";

/** Failures that must be proven, and networks that must have proofs where others are served. */
export const PROOFS = 3;

/** The failures of a server that are proven to be its own, by whose they were. */
export class Proofs {
  #count = 0;
  readonly #networks = new Set<string>();
  /** Proofs that no client has to do with: each stands for a network of its own. */
  #impartial = 0;

  /** Goes on where `before` is. */
  takeOver(before: Proofs): void {
    this.#count = before.#count;
    this.#impartial = before.#impartial;
    for (const network of before.#networks) this.#networks.add(network);
  }

  /** A failure is proven, of a client in `network`; undefined where no client has to do with it. */
  add(network: string | undefined): void {
    this.#count++;
    if (network === undefined) this.#impartial++;
    else if (this.#networks.size < PROOFS) this.#networks.add(network);
  }

  /**
   * Whether the proofs are enough: of `PROOFS` networks, so that no single client can bring them about by what it asks for;
   * or `wanted` of them, where no client has to do with those, or where no others were served well of late.
   */
  suffice(wanted: number, recent: RecentNetworks, since: number): boolean {
    if (this.#networks.size + this.#impartial >= PROOFS || this.#impartial >= wanted) return true;
    return this.#count >= wanted && !recent.hasOthers(this.#networks, since);
  }

  /** Whether one more of `network` would say nothing new. */
  isHeard(network: string, recent: RecentNetworks, since: number): boolean {
    return this.#networks.has(network) && recent.hasOthers(this.#networks, since);
  }

  clear(): void {
    this.#count = this.#impartial = 0;
    this.#networks.clear();
  }
}
