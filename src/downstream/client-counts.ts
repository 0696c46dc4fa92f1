import { networkOf } from "../http/ip.ts";
import type { Peer } from "../message/exchange.ts";

/**
 * Open connections by who has them: an IPv4 address, or the /64 of an IPv6 one. Never holds more entries than there are
 * connections. Peers on a unix socket have no address, and are not counted.
 */
export class ClientCounts {
  readonly #counts = new Map<string, number>();

  /** How many the client of a connection has. */
  of({ address }: Peer): number {
    return this.#counts.get(networkOf(address)) ?? 0;
  }

  /** One more is open. */
  add({ address }: Peer): void {
    if (address === "") return;
    const client = networkOf(address);
    this.#counts.set(client, (this.#counts.get(client) ?? 0) + 1);
  }

  /** One that was added is closed. */
  delete({ address }: Peer): void {
    const client = networkOf(address);
    const left = (this.#counts.get(client) ?? 0) - 1;
    if (left > 0) this.#counts.set(client, left);
    else this.#counts.delete(client);
  }
}
