import { ProxyError } from "../base/errors.ts";
import type { CodecLimits } from "../http/head-limits.ts";
import { dial, type DialDestination } from "../net/dial.ts";
import { nextReads } from "../net/next-reads.ts";
import { UpstreamConnection } from "./connection.ts";
import type { UpstreamTimeouts } from "./contract.ts";
import { Endurance } from "./endurance.ts";
import { type Asking, Places } from "./places.ts";
import { UNUSED, UnusedConnections } from "./unused.ts";

/** A connection that was unused for longer is looked at before what cannot be sent again goes out on it. In ms. */
const LOOK_AFTER_MS = 20;

/** How a pool behaves. Times in milliseconds. */
export interface PoolOptions {
  readonly destination: DialDestination;
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
  /** Of the heads of answers. */
  readonly limits: CodecLimits;
  /** The server's, which pools of other configs may take up as well; default its own. */
  readonly places?: Places;
  /** Where connections are counted that were opened. */
  readonly tally?: { opened: number };
}

/**
 * The connections to one server. Unused ones are kept on a stack, so that the warmest is used first and the
 * rest can grow old and close.
 */
export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #idle = new UnusedConnections<UpstreamConnection>();
  /** Open connections and the addresses that they lead to. */
  readonly #all = new Map<UpstreamConnection, string | undefined>();
  /** The only addresses that the server has; undefined while that was never said. */
  #addresses: ReadonlySet<string> | undefined;
  readonly #places: Places;
  readonly #endurance = new Endurance();
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#places = options.places ?? new Places();
  }

  /** Connections to the server that are open or being opened, busy ones and those of other configs included. */
  get size(): number {
    return this.#places.taken;
  }

  /** Those of this config that are unused. */
  get unused(): number {
    return this.#idle.size;
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
   * As `takeIdle`, for a request that cannot be sent again: only one that the server surely keeps a while longer. What the
   * server does with the others shows how long it keeps them.
   */
  async takeSure(): Promise<UpstreamConnection | undefined> {
    const now = performance.now();
    const warmest = this.#idle.newest;
    if (warmest === undefined) return undefined;
    if (!(now - warmest.idleSince < LOOK_AFTER_MS && this.#isSure(warmest, now))) {
      const oldest = this.#idle.oldest!;
      const { idleSince } = oldest;
      await nextReads();
      const lives = this.#idle.oldest === oldest && oldest.usable && oldest.idleSince === idleSince;
      if (lives) this.#endurance.survived(now - idleSince, now);
    }
    const found = this.#idle.newest;
    return found?.usable === true && this.#isSure(found, performance.now()) ? this.#idle.pop() : undefined;
  }

  /**
   * Opens a new connection, or waits for one to come free when the server's limit is reached. Resolves with undefined
   * where the request is to choose a server again, which is no attempt: another one has room, or this one is out.
   * Rejects with a ProxyError that guarantees that nothing was sent.
   */
  async connect(asking: Asking = {}): Promise<UpstreamConnection | undefined> {
    const { maxConnections: limit, timeouts, destination } = this.#options;
    // A new one is wanted in place of one that is unused.
    if (this.#places.isFull(limit)) {
      this.#idle.oldest?.fail(new ProxyError("shutdown", "Its place is needed"));
    }
    if (this.#places.isFull(limit)) {
      const waiting = { ...asking, pool: this, limit, queueMs: timeouts.queue };
      const end = await timed("queueMs", asking.times, () => this.#places.wait(waiting));
      if (end === "elsewhere") return undefined;
      if (end !== "place") return end;
    } else this.#places.take();
    let opened = false;
    try {
      UNUSED.makeRoom();
      const dialling = () => dial(destination, { ms: timeouts.connect, rule: "connect" }, asking.signal);
      const socket = await timed("connectMs", asking.times, dialling);
      const connection = new UpstreamConnection(
        socket,
        timeouts,
        this.#options.limits,
        this,
      );
      this.#all.set(connection, socket.remoteAddress);
      opened = true;
      if (this.#options.tally !== undefined) this.#options.tally.opened++;
      return connection;
    } finally {
      if (!opened) this.#places.free();
    }
  }

  /** For connections: an exchange is complete. */
  onIdle(connection: UpstreamConnection): void {
    if (this.#leadsAstray(connection)) return connection.fail(movedAway());
    const handed = this.#places.hand(connection, this);
    if (handed === true) return;
    const { maxIdle } = this.#options;
    if (handed === "close" || this.#closed || maxIdle === 0) return connection.fail(notNeeded());
    if (this.#idle.size >= maxIdle) this.#idle.oldest!.fail(notNeeded());
    this.#idle.push(connection);
  }

  /** For connections: the server closed it while it was unused. */
  onLeft(connection: UpstreamConnection): void {
    const now = performance.now();
    this.#endurance.closed(now - connection.idleSince, now);
  }

  /** For connections: gone. */
  onGone(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    this.#idle.remove(connection);
    this.#places.free();
  }

  /** Requests that wait for a connection. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /**
   * Sends the first that waits, and may leave unless `anybody` is to, to choose again: its `connect` resolves with
   * undefined. Returns whether there was one.
   */
  sendAway(anybody = false): boolean {
    return this.#places.sendAway(anybody);
  }

  /** The server has these addresses now: connections to others are closed when they are unused. */
  moveTo(addresses: ReadonlySet<string>): void {
    this.#addresses = addresses;
    for (const connection of this.#idle.all()) {
      if (this.#leadsAstray(connection)) connection.fail(movedAway());
    }
  }

  /** Closes what is unused now, and the rest as it comes back. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.all()) {
      connection.fail(new ProxyError("shutdown", "The pool is closed"));
    }
    this.#idle.close();
  }

  #isSure(connection: UpstreamConnection, now: number): boolean {
    return connection.reusableMs !== Infinity || this.#endurance.covers(now - connection.idleSince);
  }

  #leadsAstray(connection: UpstreamConnection): boolean {
    if (this.#addresses === undefined) return false;
    const address = this.#all.get(connection);
    return address !== undefined && !this.#addresses.has(address);
  }
}

/** What `task` resolves with; the time that it took, whatever came of it, is added to one of `times`. */
async function timed<T>(
  name: keyof NonNullable<Asking["times"]>,
  times: Asking["times"],
  task: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  try {
    return await task();
  } finally {
    if (times !== undefined) times[name] += performance.now() - began;
  }
}

function notNeeded(): ProxyError {
  return new ProxyError("shutdown", "Not needed any more");
}

function movedAway(): ProxyError {
  return new ProxyError("shutdown", "The server has another address now");
}
