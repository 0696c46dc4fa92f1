import type { Asked } from "../health/passive.ts";
import { networkOf } from "../http/ip.ts";
import type { Server } from "./server.ts";

/** Requests that are remembered, and the longest target among them. */
const MAX_DOUBTS = 16, MAX_TARGET_LENGTH = 1024;
/** Answers after the last failure until nobody looks any more. */
const WATCHED = 1000;
/** Time for which one client must have been alone, in ms. */
const ALONE_MS = 2000;

/**
 * What was asked of a server and failed, until another one answers the same: then it was the server, and not the request,
 * that was to blame. Only the word of a client that is alone is needed, and taken: where there are others, what happens
 * to them tells, and one client that knows how to make servers fail must not be able to choose which.
 */
export class Doubts {
  readonly #byTarget = new Map<string, { readonly server: Server; readonly method: string; count: number }>();
  /** The client whose request failed last, and its network. */
  #client = "";
  #network = "";
  /** When a failure was the first behind requests of other clients, and whether there were such since. */
  #othersAt = -Infinity;
  #others = false;
  #watched = 0;

  /** A request to `server` failed. */
  add({ client, method, target }: Asked, server: Server): void {
    this.#watched = WATCHED;
    this.#look(client);
    if (this.#others) this.#othersAt = performance.now();
    this.#others = false;
    this.#client = client;
    this.#network = networkOf(client);
    if (target.length > MAX_TARGET_LENGTH) return;
    const known = this.#byTarget.get(target);
    if (known?.server === server && known.method === method) {
      known.count++;
      return;
    }
    this.#byTarget.delete(target);
    for (const oldest of this.#byTarget.keys()) {
      if (this.#byTarget.size < MAX_DOUBTS) break;
      this.#byTarget.delete(oldest);
    }
    this.#byTarget.set(target, { server, method, count: 1 });
  }

  /** Whether nobody but the client whose request failed last has asked anything for a while. */
  get isAboutOne(): boolean {
    return !this.#others && performance.now() - this.#othersAt >= ALONE_MS;
  }

  /** A request to `server` was answered well. */
  answered({ client, method, target }: Asked, server: Server): void {
    if (this.#watched === 0) return; // nearly always
    if (--this.#watched === 0) return this.#byTarget.clear();
    this.#look(client);
    const doubt = this.#byTarget.get(target);
    if (doubt === undefined || doubt.server === server || doubt.method !== method) return;
    this.#byTarget.delete(target);
    if (this.isAboutOne) {
      doubt.server.passive.confirm(doubt.count);
    }
  }

  #look(client: string): void {
    if (this.#others || client === this.#client || this.#network === "") return;
    this.#others = networkOf(client) !== this.#network;
  }
}
