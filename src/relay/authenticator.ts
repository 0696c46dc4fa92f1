import type { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";
import { formatPasswordHash, type PasswordHash } from "../config/password-hash.ts";
import type { Credentials } from "./credentials.ts";
import { verifyPassword } from "./password.ts";
import { RecentKeys } from "./recent-keys.ts";

/** Hashes computed at a time: half of the threads that the runtimes have for this and for looking names up. */
const MAX_RUNNING = 2;
/** Checks that wait for those; about five seconds of work. */
const MAX_WAITING = 64;
const MAX_REMEMBERED = 1024;
const REMEMBERED_MS = 60_000;

/** Keys what is remembered; nobody can compute it outside. */
const PROCESS_SECRET = randomBytes(32);

/** What became of a check: `busy` where too many wait already, so that nothing is known. */
export type Verdict = "right" | "wrong" | "busy";

/** What an `Authenticator` goes by. */
export interface AuthenticatorOptions {
  readonly users: Readonly<Record<string, PasswordHash>>;
  /** Clock in ms. */
  readonly now: () => number;
  /** Compares a password with a hash. */
  readonly verify?: typeof verifyPassword;
}

/**
 * Checks users and passwords at a bounded cost: guessing takes two threads at most, and who was right a minute ago is not
 * asked again. A user that is not there costs as much as a wrong password, so that time does not tell names.
 */
export class Authenticator {
  readonly #users: ReadonlyMap<string, PasswordHash>;
  readonly #hashes: readonly PasswordHash[];
  readonly #verify: typeof verifyPassword;
  readonly #right: RecentKeys;
  /** Checks under way, so that a client that opens many connections at once is asked once. */
  readonly #checks = new Map<string, Promise<Verdict>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ users, now, verify = verifyPassword }: AuthenticatorOptions) {
    this.#users = new Map(Object.entries(users).map(([name, hash]) => [name.normalize("NFC"), hash]));
    this.#hashes = [...this.#users.values()];
    this.#verify = verify;
    this.#right = new RecentKeys({ limit: MAX_REMEMBERED, lifeMs: REMEMBERED_MS, now });
  }

  /** Whether `credentials` are those of a user. Rejects only where the hash cannot be computed. */
  async check(credentials: Credentials): Promise<Verdict> {
    const { user, password } = credentials;
    const hash = this.#users.get(user) ?? this.#standIn(user);
    if (hash === undefined) return "wrong";
    const key = digest([user, password, formatPasswordHash(hash)]).toString("base64");
    if (this.#right.has(key)) return "right";
    const check = this.#checks.get(key);
    if (check !== undefined) return check;
    if (this.#waiting.length >= MAX_WAITING) return "busy";
    const started = this.#compute(credentials, hash).finally(() => this.#checks.delete(key));
    this.#checks.set(key, started);
    const verdict = await started;
    if (verdict === "right") this.#right.add(key);
    return verdict;
  }

  /** A real hash in place of that of a user who is not there: for one name always the same, as its cost may differ. */
  #standIn(user: string): PasswordHash | undefined {
    return this.#hashes[digest([user]).readUInt32BE() % this.#hashes.length];
  }

  async #compute({ user, password }: Credentials, hash: PasswordHash): Promise<Verdict> {
    if (this.#running < MAX_RUNNING) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve)); // takes over the turn of another
    try {
      const passed = await this.#verify(password, hash);
      return passed && this.#users.has(user) ? "right" : "wrong";
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

function digest(parts: readonly string[]): Buffer {
  return createHmac("sha256", PROCESS_SECRET).update(JSON.stringify(parts)).digest();
}
