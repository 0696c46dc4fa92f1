import { DeadlineQueue } from "../base/deadline-queue.ts";
import type { Keepable } from "../base/kept.ts";
import type { Log } from "../base/log.ts";
import { formatDuration } from "../base/units.ts";
import type { StoreUrl } from "../config/values/store-url.ts";
import { BUCKET_SCRIPT, BUCKET_SCRIPT_SHA, readDecision, scriptArguments } from "./bucket-script.ts";
import { openRedis, type RedisConnection } from "./redis-connection.ts";
import type { SharedBucket, SharedBuckets, SharedDecision } from "./shared-buckets.ts";

/** Time to wait before a connection is tried again: twice as long after each failure, up to the second one. */
const FIRST_PAUSE_MS = 100, LONGEST_PAUSE_MS = 2000;
/** Questions that may be open at once. */
const MAX_OPEN = 10_000;
/** Has the script run before the first request needs it: a replica or a full Redis would refuse it. */
const TRIAL: SharedBucket = { key: "sluice:trial", interval: 1, burst: 1, dry: false };

interface Question {
  readonly buckets: readonly SharedBucket[];
  readonly done: (decision: SharedDecision | undefined) => void;
}

/**
 * `unused` opens nothing, so that a config may be tried; `opening` is the first time, for which requests wait, within their
 * bound; in `down` nobody waits.
 */
type State = "unused" | "opening" | "up" | "down" | "closed";

/** Buckets in a Redis. One that does not answer in time counts as down until a new connection has tried the script. */
export class RedisStore implements SharedBuckets, Keepable {
  readonly #url: StoreUrl;
  readonly #timeout: number;
  readonly #log: Log;
  /** Who waits for an answer. */
  readonly #open: DeadlineQueue<Question>;
  readonly #questions = new Set<Question>();
  #state: State = "unused";
  #closing = false;
  #connection: RedisConnection | undefined;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: StoreUrl, timeout: number, log: Log) {
    this.#url = url;
    this.#timeout = timeout;
    this.#log = log;
    this.#open = new DeadlineQueue(timeout, (question) => this.#onLate(question));
  }

  get isUp(): boolean {
    return this.#state === "up";
  }

  take(buckets: readonly SharedBucket[], done: Question["done"]): void {
    if (this.#state === "down" || this.#state === "closed" || this.#questions.size >= MAX_OPEN) {
      return done(undefined);
    }
    const question = { buckets, done };
    this.#questions.add(question);
    this.#open.add(question);
    if (this.#state === "up") this.#ask(question);
    else this.start(); // somebody's own server never says that it runs
  }

  /** Opens a connection, so that the first request finds it. */
  start(): void {
    if (this.#state !== "unused") return;
    this.#state = "opening";
    void this.#connect();
  }

  /** Lets go of the connection as soon as nobody waits for an answer. */
  close(): void {
    this.#closing = true;
    if (this.#questions.size === 0) this.#hangUp();
  }

  #hangUp(): void {
    this.#state = "closed";
    clearTimeout(this.#timer);
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Opens a connection, and tries whether the script runs. */
  async #connect(): Promise<void> {
    let connection: RedisConnection | undefined;
    try {
      connection = await openRedis(this.#url.url, (cause) => this.#lose(connection, cause));
      if (this.#state === "closed") return connection.close();
      this.#connection = connection;
      await connection.ready;
      await connection.send(["SCRIPT", "LOAD", BUCKET_SCRIPT]);
      readDecision(await connection.send(["EVALSHA", BUCKET_SCRIPT_SHA, ...scriptArguments([TRIAL])]), 1);
    } catch (error) {
      if (connection === this.#connection) this.#goDown(messageOf(error));
      return;
    }
    if (this.#connection !== connection) return; // it was lost, or is not wanted any more
    connection.settle();
    if (this.#state === "down") this.#log.info("limit_store_up", { store: this.#url.shown });
    this.#state = "up";
    this.#failures = 0;
    for (const question of this.#questions) this.#ask(question);
  }

  #ask(question: Question): void {
    const connection = this.#connection!;
    const args = scriptArguments(question.buckets);
    connection.send(["EVALSHA", BUCKET_SCRIPT_SHA, ...args])
      .catch((error) => {
        if (!messageOf(error).startsWith("NOSCRIPT")) throw error;
        return connection.send(["EVAL", BUCKET_SCRIPT, ...args]); // somebody has emptied its cache
      })
      .then((answer) => this.#answer(question, readDecision(answer, question.buckets.length)))
      .catch((error) => this.#lose(connection, messageOf(error)));
  }

  #answer(question: Question, decision: SharedDecision | undefined): void {
    this.#open.delete(question);
    if (!this.#questions.delete(question)) return;
    question.done(decision);
    if (this.#closing && this.#questions.size === 0) this.#hangUp();
  }

  /** The time of a question is over. What has come in meanwhile is read first: it may be us who were busy. */
  #onLate(question: Question): void {
    setImmediate(() => {
      if (!this.#questions.has(question)) return;
      if (this.#state === "up") {
        this.#lose(this.#connection, `No answer within store_timeout (${formatDuration(this.#timeout)})`);
      } else this.#answer(question, undefined);
    });
  }

  /** A connection broke, could not be opened, or does not answer. */
  #lose(connection: RedisConnection | undefined, cause: string): void {
    if (connection !== undefined && connection === this.#connection) this.#goDown(cause);
  }

  #goDown(cause: string): void {
    if (this.#state === "closed") return;
    this.#connection?.close();
    this.#connection = undefined;
    if (this.#state !== "down") this.#log.warn("limit_store_down", { store: this.#url.shown, cause });
    this.#state = "down";
    for (const question of this.#questions) this.#answer(question, undefined);
    if (this.#closing) return;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS);
    this.#timer = setTimeout(() => void this.#connect(), pause);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
