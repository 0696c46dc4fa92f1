import { ProxyError } from "../base/errors.ts";
import { type CodecLimits, DEFAULT_LIMITS } from "../http1/limits.ts";
import { dial, type DialTarget } from "../net/dial.ts";
import { UpstreamConnection } from "./connection.ts";
import type { UpstreamTimeouts } from "./contract.ts";

/** Requests that may wait for a connection of one server. */
const MAX_WAITING = 1024;

/** How a pool behaves. Times in milliseconds. */
export interface PoolOptions {
  readonly target: DialTarget;
  readonly timeouts: UpstreamTimeouts & {
    /** To open a connection, TLS included. */
    readonly connect: number;
    /** To wait for a connection when all that are allowed are busy; 0 does not wait. */
    readonly queue: number;
  };
  /** Connections kept open while unused. */
  readonly maxIdle: number;
  /** Connections open at once, busy ones included; 0 is no limit. */
  readonly maxConnections: number;
  readonly limits?: CodecLimits;
}

/** Another server has room now: who waited is to choose again. Nobody's failure, and no attempt. */
export class RoomElsewhere extends Error {}

interface Waiter {
  /** Whether another server would do as well. */
  readonly mayLeave: boolean;
  /** Gets a connection, or with undefined a place, already counted, to open one. */
  readonly take: (connection: UpstreamConnection | undefined) => void;
  readonly give: (error: Error) => void;
}

/**
 * The connections to one server. Unused ones are kept on a stack, so that the warmest is used first and the
 * rest can grow old and close.
 */
export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #idle: UpstreamConnection[] = [];
  /** Open connections and the addresses that they lead to. */
  readonly #all = new Map<UpstreamConnection, string | undefined>();
  /** The only addresses that the server has; undefined while that was never said. */
  #addresses: ReadonlySet<string> | undefined;
  readonly #waiting: Waiter[] = [];
  /** Dials under way; each holds a place under the limit. */
  #dialling = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Open connections, busy ones included. */
  get size(): number {
    return this.#all.size + this.#dialling;
  }

  /** An unused connection, at once, or undefined where a new one is needed. */
  takeIdle(): UpstreamConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || connection.usable) return connection;
      connection.fail(new ProxyError("upstream_reset", "Not usable any more"));
    }
  }

  /**
   * Opens a new connection, or waits for one to come free when the server's limit is reached.
   * Rejects with a ProxyError that guarantees that nothing was sent, or with `mayLeave` with `RoomElsewhere`.
   */
  async connect(signal?: AbortSignal, mayLeave = false): Promise<UpstreamConnection> {
    const { maxConnections } = this.#options;
    if (maxConnections > 0 && this.size >= maxConnections) {
      const freed = await this.#wait(signal, mayLeave);
      if (freed !== undefined) return freed;
    } else this.#dialling++;
    try {
      const socket = await dial(this.#options.target, this.#options.timeouts.connect, signal);
      const connection = new UpstreamConnection(
        socket,
        this.#options.timeouts,
        this.#options.limits ?? DEFAULT_LIMITS,
        this,
      );
      this.#all.set(connection, socket.remoteAddress);
      return connection;
    } finally {
      this.#dialling--;
      this.#serveWaiter();
    }
  }

  /** For connections: an exchange is complete. */
  onIdle(connection: UpstreamConnection): void {
    if (this.#leadsAstray(connection)) return connection.fail(movedAway());
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) return waiter.take(connection);
    if (this.#closed || this.#idle.length >= this.#options.maxIdle) {
      return connection.fail(new ProxyError("shutdown", "Not needed any more"));
    }
    this.#idle.push(connection);
  }

  /** For connections: gone. */
  onGone(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index !== -1) this.#idle.splice(index, 1);
    this.#serveWaiter();
  }

  /** Requests that wait for a connection. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Sends the first that waits, and may leave, to choose again: `connect` rejects with `RoomElsewhere`. */
  sendAway(): void {
    this.#waiting.find(({ mayLeave }) => mayLeave)?.give(new RoomElsewhere());
  }

  /** The server has these addresses now: connections to others are closed when they are unused. */
  moveTo(addresses: ReadonlySet<string>): void {
    this.#addresses = addresses;
    for (const connection of [...this.#idle]) {
      if (this.#leadsAstray(connection)) connection.fail(movedAway());
    }
  }

  /** Closes what is unused now, and the rest as it comes back. */
  close(): void {
    this.#closed = true;
    for (const connection of [...this.#idle]) {
      connection.fail(new ProxyError("shutdown", "The pool is closed"));
    }
  }

  #leadsAstray(connection: UpstreamConnection): boolean {
    if (this.#addresses === undefined) return false;
    const address = this.#all.get(connection);
    return address !== undefined && !this.#addresses.has(address);
  }

  /** Lets the first in the queue open a connection of its own where a place came free. */
  #serveWaiter(): void {
    if (this.#waiting.length === 0 || this.size >= this.#options.maxConnections) return;
    this.#dialling++;
    this.#waiting.shift()!.take(undefined);
  }

  #wait(signal: AbortSignal | undefined, mayLeave: boolean): Promise<UpstreamConnection | undefined> {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new ProxyError("queue_full", `${MAX_WAITING} requests wait for this server already`);
    }
    const { queue } = this.#options.timeouts;
    if (queue === 0) throw new ProxyError("queue_timeout", "All connections of this server are busy");
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        const index = this.#waiting.indexOf(waiter);
        if (index !== -1) this.#waiting.splice(index, 1);
      };
      const waiter: Waiter = {
        mayLeave,
        take: (connection) => (settle(), resolve(connection)),
        give: (error) => (settle(), reject(error)),
      };
      const timer = setTimeout(() => {
        waiter.give(new ProxyError("queue_timeout", `No connection came free within ${queue} ms`));
      }, queue);
      const onAbort = () =>
        waiter.give(new ProxyError("client_closed", "The request was given up in the queue"));
      this.#waiting.push(waiter);
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

function movedAway(): ProxyError {
  return new ProxyError("shutdown", "The server has another address now");
}
