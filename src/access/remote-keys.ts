import { ProxyError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { MAX_KEYS_BYTES, parseJwks, type PublicJwk } from "../config/values/public-keys.ts";
import type { Inquire } from "../message/inquiry.ts";
import type { KeySet } from "./key-set.ts";

/** For one fetch, in ms. */
const FETCH_MS = 5000;
/** Between two fetches while there are keys, whoever asks for others: tokens with made-up key names are for free. */
const COOL_DOWN_MS = 10_000;
/** The same while there are none. */
const RETRY_MS = 1000;

export interface RemoteKeysOptions {
  /** Where they are, for the log. */
  readonly url: string;
  /** Path and query of it. */
  readonly target: string;
  /** After which they are fetched again, in ms. */
  readonly refreshMs: number;
  readonly log: Log;
  /** Clock in ms. */
  readonly now: () => number;
  /** Makes a set of keys; it is only asked where they have changed. */
  readonly make: (keys: readonly PublicJwk[]) => KeySet | Promise<KeySet>;
}

/**
 * Keys that are fetched where they are published. Nothing is fetched before somebody asks. Old ones are good until others
 * are there, however long that takes. One fetch at a time.
 */
export class RemoteKeys {
  readonly #options: RemoteKeysOptions;
  #keys: KeySet | undefined;
  /** What they were made of. */
  #text = "";
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #fetching: Promise<KeySet> | undefined;
  #failure: ProxyError | undefined;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
  }

  /** The keys, fetched by `inquire` where there are none; where they are old, others are fetched meanwhile. */
  keys(inquire: Inquire): KeySet | Promise<KeySet> {
    const { now, refreshMs } = this.#options;
    if (this.#keys === undefined) {
      if (this.#fetching !== undefined) return this.#fetching;
      if (this.#failure !== undefined && now() - this.#triedAt < RETRY_MS) {
        return Promise.reject(this.#failure);
      }
      return this.#fetch(inquire);
    }
    if (now() - this.#fetchedAt >= refreshMs && this.#mayFetch()) {
      this.#fetch(inquire).catch(() => {}); // the log has it, and the old ones are good
    }
    return this.#keys;
  }

  /** Others than `known`, where there are any now. Never rejects. */
  async newer(known: KeySet, inquire: Inquire): Promise<KeySet | undefined> {
    if (this.#keys !== known) return this.#keys;
    if (this.#fetching === undefined && !this.#mayFetch()) return undefined;
    const fetched = await (this.#fetching ?? this.#fetch(inquire)).catch(() => known);
    return fetched === known ? undefined : fetched;
  }

  #mayFetch(): boolean {
    return this.#fetching === undefined && this.#options.now() - this.#triedAt >= COOL_DOWN_MS;
  }

  #fetch(inquire: Inquire): Promise<KeySet> {
    return this.#fetching = this.#load(inquire).finally(() => this.#fetching = undefined);
  }

  async #load(inquire: Inquire): Promise<KeySet> {
    const { target, now, url, log, make } = this.#options;
    this.#triedAt = now();
    try {
      const answer = await inquire({
        target,
        lines: [["Accept", "application/jwk-set+json, application/json"]],
        timeoutMs: FETCH_MS,
        maxBytes: MAX_KEYS_BYTES,
      });
      if (answer.status !== 200) throw new RangeError(`answered ${answer.status}`);
      const text = new TextDecoder().decode(answer.body);
      if (this.#keys === undefined || text !== this.#text) {
        this.#keys = await make(parseJwks(text));
        this.#text = text;
      }
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      if (this.#failure === undefined) log.warn("keys_not_fetched", { url, cause });
      throw this.#failure = new ProxyError("auth_unavailable", `No keys came: ${cause}`, { cause: error });
    }
    if (this.#failure !== undefined) log.info("keys_fetched_again", { url });
    this.#failure = undefined;
    this.#fetchedAt = now();
    return this.#keys;
  }
}
