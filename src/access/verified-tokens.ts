import type { AuthGranted, AuthRefused } from "./auth-method.ts";
import type { KeySet } from "./key-set.ts";

/** Tokens that are remembered. */
const MAX_TOKENS = 1024;

/** What was found of a token by some keys. */
interface Entry {
  readonly found: AuthGranted | AuthRefused;
  readonly keys: KeySet;
  readonly until: number;
}

/** Remembers what good tokens say, by their hashes, until they expire or there are other keys. */
export class VerifiedTokens {
  /** The one that was used last comes last. */
  readonly #entries = new Map<string, Entry>();

  /** What `hash` was found to be by these `keys`, at the time `now`. */
  get(hash: string, keys: KeySet, now: number): Entry["found"] | undefined {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return undefined;
    this.#entries.delete(hash);
    if (entry.keys !== keys || now >= entry.until) return undefined;
    this.#entries.set(hash, entry);
    return entry.found;
  }

  /** Remembers one until the time `until`. */
  add(hash: string, entry: Entry): void {
    this.#entries.delete(hash);
    this.#entries.set(hash, entry);
    if (this.#entries.size <= MAX_TOKENS) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
