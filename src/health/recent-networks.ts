import { copyOf } from "../http/copied-text.ts";
import { networkOf } from "../http/ip.ts";

/** Networks that are remembered: as many as must have proofs, so that fewer can push out no other. */
const MAX_NETWORKS = 3;
/** Between two looks at which network a client is of, in ms: of every request that would cost more than it tells. */
const LOOK_MS = 10;

/** Whose requests a server answered well last: the networks of its clients, and when. */
export class RecentNetworks {
  /** The client that was looked at last, and its network first of all. */
  #client = "";
  #networks: string[] = [];
  #times: number[] = [];
  #lookedAt = -Infinity;

  /** Goes on where `before` is. */
  takeOver(before: RecentNetworks): void {
    this.#client = before.#client;
    this.#networks = [...before.#networks];
    this.#times = [...before.#times];
    this.#lookedAt = before.#lookedAt;
  }

  /** A request of `client` was answered well at `now`. */
  add(client: string, now: number): void {
    if (client === this.#client) this.#times[0] = now;
    else if (now - this.#lookedAt >= LOOK_MS) this.#look(client, now);
  }

  /** Whether a network that is none of `networks` was served well since then. */
  hasOthers(networks: ReadonlySet<string>, since: number): boolean {
    return this.#networks.some((network, i) => this.#times[i]! >= since && !networks.has(network));
  }

  /** At `now` a time ends in which nobody could be served: the networks known before count as seen now. */
  refresh(now: number): void {
    this.#times.fill(now);
  }

  #look(client: string, now: number): void {
    this.#lookedAt = now;
    this.#client = copyOf(client);
    const network = networkOf(this.#client);
    const known = this.#networks.indexOf(network);
    const last = known === -1 ? MAX_NETWORKS - 1 : known;
    this.#networks.splice(last, 1);
    this.#times.splice(last, 1);
    this.#networks.unshift(network);
    this.#times.unshift(now);
  }
}
