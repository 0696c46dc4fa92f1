import { ProxyError } from "../base/errors.ts";
import { formatDuration } from "../base/units.ts";
import type { UpstreamConnection } from "./connection.ts";

/** Requests that may wait for a connection of one server. */
const MAX_WAITING = 1024;

/** What a wait may end with: a connection, a place, already taken, to open one, or that another server is to be chosen. */
export type WaitEnd = UpstreamConnection | "place" | "elsewhere";

/** A request that wants a connection. */
export interface Asking {
  readonly signal?: AbortSignal | undefined;
  /** Whether another server would do as well. */
  readonly mayLeave?: boolean;
  /** When it began to want one, of this server or of others before, on the clock of `performance.now()`; default now. */
  readonly since?: number;
  /** Where the times are added up that were spent in a queue and on opening a connection, in ms. */
  readonly times?: { queueMs: number; connectMs: number };
}

/** A request that waits, and what of its pool decides when its wait ends. */
export interface Waiting extends Asking {
  /** Connections come from one pool only: they are made for its config. */
  readonly pool: object;
  /** Connections open at once; 0 is no limit. */
  readonly limit: number;
  /** To wait at most, in ms. */
  readonly queueMs: number;
}

interface Waiter {
  readonly asking: Waiting;
  readonly since: number;
  readonly take: (end: WaitEnd) => void;
}

/**
 * The connections that one server has open, and who waits for one. It outlives reloads: what the pool of an older config
 * has open counts against the limit of the newer one.
 */
export class Places {
  #taken = 0;
  /** Sorted by when each began to wait. */
  readonly #waiters: Waiter[] = [];

  /** Connections open, or being opened. */
  get taken(): number {
    return this.#taken;
  }

  /** Requests that wait for a connection. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** Whether a limit leaves no place. */
  isFull(limit: number): boolean {
    return limit > 0 && this.#taken >= limit;
  }

  /** A connection is about to be opened. */
  take(): void {
    this.#taken++;
  }

  /** A connection is closed, or could not be opened. */
  free(): void {
    this.#taken--;
    if (this.#waiters.length === 0) return;
    const waiter = this.#waiters.find(({ asking }) => !this.isFull(asking.limit));
    if (waiter === undefined) return;
    this.#taken++;
    waiter.take("place");
  }

  /**
   * Gives a connection of `pool` that came free to the first that waits. Returns whether it is taken, or where that one
   * cannot use it, as its config is another, `"close"`: then its place is what is wanted.
   */
  hand(connection: UpstreamConnection, pool: object): boolean | "close" {
    const first = this.#waiters[0];
    if (first === undefined) return false;
    if (first.asking.pool !== pool) return "close";
    first.take(connection);
    return true;
  }

  /** Sends the first that waits, and may leave unless `anybody` is to, to choose again. Returns whether there was one. */
  sendAway(anybody = false): boolean {
    const waiter = this.#waiters.find(({ asking }) => anybody || asking.mayLeave === true);
    waiter?.take("elsewhere");
    return waiter !== undefined;
  }

  /** Waits. Rejects with a ProxyError: the queue is full, or the time is over, or the request was given up. */
  wait(asking: Waiting): Promise<WaitEnd> {
    if (this.#waiters.length >= MAX_WAITING) {
      throw new ProxyError("queue_full", `${MAX_WAITING} requests wait for this server already`);
    }
    const { signal, queueMs } = asking;
    const now = performance.now();
    const since = asking.since ?? now;
    const left = since + queueMs - now;
    if (left <= 0) throw new ProxyError("queue_timeout", "All connections of this server are busy");
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      };
      const waiter: Waiter = { asking, since, take: (end) => (leave(), resolve(end)) };
      const give = (error: ProxyError) => (leave(), reject(error));
      const timer = setTimeout(() => {
        give(
          new ProxyError(
            "queue_timeout",
            `No connection came free within queue (${formatDuration(queueMs)})`,
          ),
        );
      }, Math.ceil(left));
      const onAbort = () => give(new ProxyError("client_closed", "The request was given up in the queue"));
      this.#enqueue(waiter);
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Who comes from the queue of another server keeps the time that it has waited. */
  #enqueue(waiter: Waiter): void {
    let at = this.#waiters.length;
    while (at > 0 && this.#waiters[at - 1]!.since > waiter.since) at--;
    this.#waiters.splice(at, 0, waiter);
  }
}
