import { networkOf } from "../http/ip.ts";
import { Proofs } from "./proofs.ts";

/** Clients whose failures are counted apart; those of all others count together, as of many. */
const MAX_CLIENTS = 64;

/** When a share of failures is too much. Times in ms. */
export interface ShareRules {
  /** Share of the requests of a window; 0 is off. */
  readonly failureShare: number;
  /** Requests that a window has at least. */
  readonly minRequests: number;
  readonly window: number;
}

/**
 * Counts the failed requests of a span of time. A window begins with a failure: while a server never fails, no request
 * costs a look at the clock or at its client.
 *
 * One client's failures must not stand for everybody's: those of the client with the most of them are left out as soon as
 * enough requests of others came.
 */
export class FailureWindow {
  #beganAt = -Infinity;
  #passes = 0;
  #failures = 0;
  /** That it was the server which failed, and not the request. */
  readonly proofs = new Proofs();
  /** Failures by the client's network, and those of the one that has most. */
  readonly #byClient = new Map<string, number>();
  #most = 0;
  /** The client that failed first, its network, and requests of all others, as far as they matter. */
  #first = "";
  #firstNetwork = "";
  #others = Infinity;

  /** Goes on where `before` is. */
  takeOver(before: FailureWindow): void {
    this.#beganAt = before.#beganAt;
    this.#passes = before.#passes;
    this.#failures = before.#failures;
    this.proofs.takeOver(before.proofs);
    for (const [client, count] of before.#byClient) this.#byClient.set(client, count);
    this.#most = before.#most;
    this.#first = before.#first;
    this.#firstNetwork = before.#firstNetwork;
    this.#others = before.#others;
  }

  /** Requests of this window that were answered well, or since the last one where it is over. */
  get passes(): number {
    return this.#passes;
  }

  /** A request of `client` was answered well. */
  passed(client: string, { minRequests }: ShareRules): void {
    this.#passes++;
    if (this.#others >= minRequests || client === this.#first) return; // nearly always
    if (networkOf(client) !== this.#firstNetwork) this.#others++;
  }

  /** A request of `client` failed; undefined where no client has to do with it. */
  failed(client: string | undefined, now: number, { window }: ShareRules): void {
    if (now - this.#beganAt >= window) {
      this.clear();
      this.#beganAt = now;
    }
    this.#failures++;
    if (client === undefined) return;
    const network = networkOf(client);
    if (this.#others === Infinity) {
      this.#first = client;
      this.#firstNetwork = network;
      this.#others = this.#passes; // those since the window began, by a failure that no client had to do with
    } else if (network !== this.#firstNetwork) this.#others++;
    const count = this.#byClient.get(network);
    if (count === undefined && this.#byClient.size >= MAX_CLIENTS) return;
    this.#byClient.set(network, (count ?? 0) + 1);
    this.#most = Math.max(this.#most, (count ?? 0) + 1);
  }

  /** Whether requests of very many clients failed: as many clients as a window needs requests. */
  isOfMany({ minRequests }: ShareRules): boolean {
    return this.#byClient.size >= Math.min(minRequests, MAX_CLIENTS);
  }

  exceeds({ failureShare, minRequests, window }: ShareRules, now: number): boolean {
    if (failureShare === 0 || now - this.#beganAt >= window) return false;
    const failures = this.#failures - (this.#others >= minRequests ? this.#most : 0);
    const requests = this.#passes + failures;
    return requests >= minRequests && failures >= failureShare * requests;
  }

  /** Requests of the window, and how many of them failed; none where it is over at `now`. */
  tally({ now, window }: { now: number; window: number }): { requests: number; failures: number } {
    if (now - this.#beganAt >= window) return { requests: 0, failures: 0 };
    return { requests: this.#passes + this.#failures, failures: this.#failures };
  }

  clear(): void {
    this.#beganAt = -Infinity;
    this.#passes = this.#failures = this.#most = 0;
    this.proofs.clear();
    this.#byClient.clear();
    this.#others = Infinity;
  }
}
