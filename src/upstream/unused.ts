import { ProxyError } from "../base/errors.ts";
import { OPEN_FILES } from "../net/open-files.ts";

/** What can be closed where it is not needed. */
interface Closable {
  /** When it was used last, in ms. */
  readonly idleSince: number;
  fail(error: ProxyError): void;
}

/** Bounds the unused connections of all pools together, and closes the one that was unused for longest. */
export class UnusedBound {
  readonly #most: number;
  readonly #files: Pick<typeof OPEN_FILES, "hasRoomForServer" | "report">;
  readonly #pools = new Set<UnusedConnections<Closable>>();
  #count = 0;

  /** At most `most`; of `files` new connections are made. */
  constructor(most: number, files: Pick<typeof OPEN_FILES, "hasRoomForServer" | "report">) {
    this.#most = most;
    this.#files = files;
  }

  /** For pools: one more came. */
  came(pool: UnusedConnections<Closable>): void {
    this.#pools.add(pool);
    this.#count++;
    while (this.#count > this.#most && this.#closeOldest());
  }

  /** For pools: one is gone or taken. */
  went(): void {
    this.#count--;
  }

  /** For pools: no more will come. */
  forget(pool: UnusedConnections<Closable>): void {
    this.#pools.delete(pool);
  }

  /**
   * Makes sure that there is a file for a new connection, in place of one that is unused where need be. Throws a
   * ProxyError, `out_of_files`, where there is none.
   */
  makeRoom(): void {
    if (this.#files.hasRoomForServer || this.#closeOldest()) return;
    this.#files.report();
    throw new ProxyError("out_of_files", "No file is left for a connection to a server");
  }

  #closeOldest(): boolean {
    let pool: UnusedConnections<Closable> | undefined;
    let first: Closable | undefined;
    for (const other of this.#pools) {
      const { oldest } = other;
      if (oldest === undefined || (first !== undefined && first.idleSince <= oldest.idleSince)) continue;
      pool = other;
      first = oldest;
    }
    if (pool === undefined || first === undefined) return false;
    first.fail(new ProxyError("shutdown", "Its file is needed for another connection"));
    pool.remove(first); // where it was gone already
    return true;
  }
}

/** The bound of this process. */
export const UNUSED = new UnusedBound(OPEN_FILES.shares.unused, OPEN_FILES);

/** The unused connections of one pool, the one that came last on top. */
export class UnusedConnections<C extends Closable> {
  readonly #bound: UnusedBound;
  readonly #stack: C[] = [];

  constructor(bound: UnusedBound = UNUSED) {
    this.#bound = bound;
  }

  get size(): number {
    return this.#stack.length;
  }

  /** The one that rests for longest. */
  get oldest(): C | undefined {
    return this.#stack[0];
  }

  get newest(): C | undefined {
    return this.#stack.at(-1);
  }

  /** All of them, in an array of its own. */
  all(): C[] {
    return [...this.#stack];
  }

  /** Adds one. Where there are too many in all pools, the oldest of them is closed. */
  push(connection: C): void {
    this.#stack.push(connection);
    this.#bound.came(this);
  }

  pop(): C | undefined {
    const connection = this.#stack.pop();
    if (connection !== undefined) this.#bound.went();
    return connection;
  }

  /** Takes `connection` out, if it is there. */
  remove(connection: C): void {
    const index = this.#stack.indexOf(connection);
    if (index === -1) return;
    this.#stack.splice(index, 1);
    this.#bound.went();
  }

  /** No more will come. */
  close(): void {
    this.#bound.forget(this);
  }
}
