import { networkOf } from "../http/ip.ts";

/** Clients whose failures are counted apart; those of all others count together, as of many. */
const MAX_CLIENTS = 64;
/** Time for which a client must have been the only one before its word alone counts, in ms. */
export const ALONE_MS = 500;

/** When a share of failures is too much. Times in ms. */
export interface ShareRules {
  /** Share of the requests of a window; 0 is off. */
  readonly failureShare: number;
  /** Requests that a window has at least. */
  readonly minRequests: number;
  readonly window: number;
}

/**
 * How many of the requests of a while have failed. A window begins with a failure: who fails never costs a look at the
 * clock, or at the client, for every request.
 *
 * One client must not be able to make a server look bad that others are content with, so the failures of the client that
 * has most of them are left out. Where nobody but that client is there, its failures count as far as another server has
 * answered the same: then it is not the request that is to blame; all of them are too many only if the other servers
 * answer it well meanwhile, which the owner has to find out.
 */
export class FailureWindow {
  #beganAt = -Infinity;
  #passes = 0;
  #failures = 0;
  /** Failures by the client's network, and those of the one that has most. */
  readonly #byClient = new Map<string, number>();
  #most = 0;
  /** Failures where another server answered the same. */
  #confirmed = 0;
  /** The only client that failed, as long as nobody else was there; undefined where there are several, or none failed. */
  #lone: string | undefined;

  /** Goes on where `before` is. */
  takeOver(before: FailureWindow): void {
    this.#beganAt = before.#beganAt;
    this.#passes = before.#passes;
    this.#failures = before.#failures;
    for (const [client, count] of before.#byClient) this.#byClient.set(client, count);
    this.#most = before.#most;
    this.#confirmed = before.#confirmed;
    this.#lone = before.#lone;
  }

  /** Requests of this window that were answered well, or since the last one where it is over. */
  get passes(): number {
    return this.#passes;
  }

  /** A request of `client` was answered well. */
  passed(client: string): void {
    this.#passes++;
    if (this.#lone !== undefined && this.#lone !== client && this.#lone !== networkOf(client)) {
      this.#lone = undefined;
    }
  }

  /** A request failed; `network` is its client's, or undefined where no client has to do with it. */
  failed(network: string | undefined, { now, window }: { now: number; window: number }): void {
    if (now - this.#beganAt >= window) {
      this.clear();
      this.#beganAt = now;
      this.#lone = network;
    }
    this.#failures++;
    if (network === undefined) return;
    if (this.#byClient.size === 0 && this.#passes === 0) this.#lone = network;
    else if (this.#lone !== network) this.#lone = undefined;
    const count = this.#byClient.get(network);
    if (count === undefined && this.#byClient.size >= MAX_CLIENTS) return;
    this.#byClient.set(network, (count ?? 0) + 1);
    this.#most = Math.max(this.#most, (count ?? 0) + 1);
  }

  /** Another server answered what has failed here so many times. */
  confirm(count: number): void {
    this.#confirmed += count;
  }

  /**
   * Whether too many requests of the window have failed: of all clients, or, `alone`, of the only one there is, which may
   * ask for nothing but what fails.
   */
  exceeds(rules: ShareRules, now: number): "share" | "alone" | undefined {
    if (rules.failureShare === 0) return undefined;
    const isAlone = this.#lone !== undefined;
    if (isAlone && now - this.#beganAt < ALONE_MS) return undefined;
    const counted = this.#failures - this.#most + (isAlone ? Math.min(this.#most, this.#confirmed) : 0);
    if (this.#isTooMany(counted, rules)) return "share";
    return isAlone && this.#isTooMany(this.#failures, rules) ? "alone" : undefined;
  }

  #isTooMany(failures: number, { failureShare, minRequests }: ShareRules): boolean {
    const requests = this.#passes + failures;
    return requests >= minRequests && failures >= failureShare * requests;
  }

  /** Requests of the window, and how many of them failed; none where it is over at `now`. */
  tally({ now, window }: { now: number; window: number }): { requests: number; failures: number } {
    if (now - this.#beganAt >= window) return { requests: 0, failures: 0 };
    return { requests: this.#passes + this.#failures, failures: this.#failures };
  }

  /** Forgets everything. */
  clear(): void {
    this.#beganAt = -Infinity;
    this.#passes =
      this.#failures =
      this.#most =
      this.#confirmed =
        0;
    this.#byClient.clear();
    this.#lone = undefined;
  }
}
