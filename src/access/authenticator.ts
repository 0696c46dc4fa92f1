import type { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { networkOf } from "../http/ip.ts";
import { formatPasswordHash, type PasswordHash } from "../config/values/password-hash.ts";
import type { PasswordVerdict } from "../message/exchange.ts";
import { CheckQueue } from "./check-queue.ts";
import type { Credentials } from "./credentials.ts";
import { verifyPassword } from "./password.ts";
import { RecentKeys } from "./recent-keys.ts";

/**
 * Hashes computed at a time, each by a thread of its own: at most half of the cores, and half of the threads that the
 * runtimes have for this and for looking names up.
 */
const MAX_RUNNING = cores() >= 4 ? 2 : 1;
const MAX_REMEMBERED = 1024;
const REMEMBERED_MS = 60_000;
/** The same for wrong ones: some programs ask again and again with the same. */
const WRONG_REMEMBERED_MS = 10_000;

/** Keys what is remembered; nobody can compute it outside. */
const PROCESS_SECRET = randomBytes(32);

export interface AuthenticatorOptions {
  readonly users: Readonly<Record<string, PasswordHash>>;
  /** Clock in ms. */
  readonly now: () => number;
  /** Compares a password with a hash. */
  readonly verify?: typeof verifyPassword;
  /** Hashes computed at a time. */
  readonly running?: number;
  /** Where its users are at home, when others share what is known: a right password there says nothing about a name here. */
  readonly place?: string;
  /** The one of the config before: what it knows of passwords and guesses holds on. */
  readonly before?: Authenticator | undefined;
}

/** What authenticators know, one after another or side by side. */
interface Known {
  readonly right: RecentKeys;
  readonly wrong: RecentKeys;
  /** Checks under way, so that a client that opens many connections at once is asked once. */
  readonly checks: Map<string, Promise<PasswordVerdict>>;
  readonly queue: CheckQueue;
}

/**
 * Checks users and passwords at a bounded cost: guessing takes half of the cores at most and a share of the turns, less with
 * each wrong guess, and who was right a minute ago is not asked again. A user that is not there costs as much as a wrong
 * password, so that time does not tell names.
 */
export class Authenticator {
  readonly #users: ReadonlyMap<string, PasswordHash>;
  readonly #hashes: readonly PasswordHash[];
  readonly #verify: typeof verifyPassword;
  readonly #known: Known;
  readonly #place: string;

  constructor(
    { users, now, verify = verifyPassword, running = MAX_RUNNING, before, place = "" }: AuthenticatorOptions,
  ) {
    this.#users = new Map(Object.entries(users).map(([name, hash]) => [name.normalize("NFC"), hash]));
    this.#hashes = [...this.#users.values()];
    this.#verify = verify;
    this.#place = place;
    this.#known = before === undefined
      ? {
        right: new RecentKeys({ limit: MAX_REMEMBERED, lifeMs: REMEMBERED_MS, now }),
        wrong: new RecentKeys({ limit: MAX_REMEMBERED, lifeMs: WRONG_REMEMBERED_MS, now }),
        checks: new Map(),
        queue: new CheckQueue({ most: running, now }),
      }
      : before.#known;
  }

  /**
   * Whether `credentials`, which came from the address `client`, are those of a user. Rejects only where the hash cannot be
   * computed.
   */
  async check(credentials: Credentials, client: string): Promise<PasswordVerdict> {
    const { user, password } = credentials;
    const { right, wrong, checks } = this.#known;
    const own = this.#users.get(user);
    const hash = own ?? this.#standIn(user);
    if (hash === undefined) return "repeated";
    // With whose hash it was, as a user may come or go by a reload.
    const whose = own === undefined ? "another's" : "its own";
    const key = digest([user, password, whose, formatPasswordHash(hash)]).toString("base64");
    if (right.has(key)) return "remembered";
    if (wrong.has(key)) return "repeated";
    const check = checks.get(key);
    if (check !== undefined) return await check;
    const started = this.#compute(credentials, { hash, client }).finally(() => checks.delete(key));
    checks.set(key, started);
    const verdict = await started;
    if (verdict === "right") right.add(key);
    if (verdict === "wrong") wrong.add(key);
    return verdict;
  }

  /** A real hash for a user who does not exist. One name always gets the same, as hashes may differ in their cost. */
  #standIn(user: string): PasswordHash | undefined {
    return this.#hashes[digest([user]).readUInt32BE() % this.#hashes.length];
  }

  async #compute(
    { user, password }: Credentials,
    { hash, client }: { hash: PasswordHash; client: string },
  ): Promise<PasswordVerdict> {
    const asker = { client: networkOf(client), user: this.#place + user };
    if (!await this.#known.queue.enter(asker)) return "busy";
    let right: boolean | undefined;
    try {
      const passed = await this.#verify(password, hash);
      right = passed && this.#users.has(user);
    } finally {
      this.#known.queue.leave(asker, right);
    }
    return right ? "right" : "wrong";
  }
}

/** What may be used; one where the runtime is not allowed to say. */
function cores(): number {
  try {
    return availableParallelism();
  } catch {
    return 1;
  }
}

function digest(parts: readonly string[]): Buffer {
  return createHmac("sha256", PROCESS_SECRET).update(JSON.stringify(parts)).digest();
}
