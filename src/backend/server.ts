import type { Candidate } from "../balancing/policy.ts";
import type { ConnectionPool } from "../upstream/pool.ts";

/** One upstream address of a backend, while the proxy runs. */
export class Server implements Candidate {
  /** Its URL: the name in logs and metrics. */
  readonly name: string;
  readonly weight: number;
  /** Path in front of every target, without a trailing slash; mostly empty. */
  readonly basePath: string;
  /** Its own `host[:port]`, for a rewritten Host. */
  readonly authority: string;
  readonly pool: ConnectionPool;
  /** Requests on their way to or from it: counted from being picked until the last byte of the answer. */
  inFlight = 0;

  constructor(
    parts: { name: string; weight: number; basePath: string; authority: string; pool: ConnectionPool },
  ) {
    this.name = parts.name;
    this.weight = parts.weight;
    this.basePath = parts.basePath;
    this.authority = parts.authority;
    this.pool = parts.pool;
  }
}
