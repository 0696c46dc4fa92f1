import { MovingAverage } from "../balancing/average.ts";
import type { Candidate } from "../balancing/policy.ts";
import type { ProxyError, ProxyErrorKind } from "../base/errors.ts";
import type { ServerConfig } from "../config/server.ts";
import { Histogram } from "../observe/histogram.ts";
import type { ConnectionPool } from "../upstream/pool.ts";

/** One upstream address of a backend, while the proxy runs. */
export class Server implements Candidate {
  /** Its URL: the name in logs and metrics. */
  readonly name: string;
  readonly weight: number;
  readonly priority: number;
  /** Path in front of every target, without a trailing slash; mostly empty. */
  readonly basePath: string;
  /** Its own `host[:port]`, for a rewritten Host. */
  readonly authority: string;
  readonly pool: ConnectionPool;
  /** Time from sending a request to the head of the answer. */
  readonly latency = new MovingAverage();
  /** Requests on their way to or from it: counted from being picked until the last byte of the answer. */
  inFlight = 0;
  /** Answers by class of status, `1xx` to `5xx`, at the positions 1 to 5; 0 for any other status. */
  readonly answers = [0, 0, 0, 0, 0, 0];
  /** Time to the head of an answer, in seconds. */
  readonly responseSeconds = new Histogram();
  /** Attempts that failed on the server's side, by reason. */
  readonly failures = new Map<ProxyErrorKind, number>();
  readonly #maxConnections: number;

  constructor(config: ServerConfig, pool: ConnectionPool) {
    this.name = config.url;
    this.weight = config.weight;
    this.priority = config.priority;
    this.basePath = config.basePath;
    this.authority = config.authority;
    this.#maxConnections = config.maxConnections;
    this.pool = pool;
  }

  /** Whether further requests would wait for a connection. */
  get full(): boolean {
    return this.#maxConnections > 0 && this.inFlight >= this.#maxConnections;
  }

  /** Counts an answer to what was sent at `sentAt`, on the clock of `performance.now()`. */
  answered(status: number, sentAt: number): void {
    const now = performance.now();
    this.latency.add(now - sentAt, now);
    this.responseSeconds.observe((now - sentAt) / 1000);
    const hundreds = Math.floor(status / 100);
    this.answers[hundreds <= 5 ? hundreds : 0]! += 1;
  }

  /** Counts a failed attempt, unless it was not the server's fault. */
  failed({ kind, side }: ProxyError): void {
    if (side === "upstream") this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
  }
}
