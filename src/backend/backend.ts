import { createPolicy } from "../balancing/create.ts";
import type { Policy } from "../balancing/policy.ts";
import type { Log } from "../base/log.ts";
import type { BackendConfig } from "../config/backend.ts";
import type { CodecLimits } from "../http1/limits.ts";
import { ConnectionPool } from "../upstream/pool.ts";
import { Availability } from "./availability.ts";
import { dialTargetOf } from "./dial-target.ts";
import { startHealthChecks } from "./health-checks.ts";
import { RetryBudget } from "./retry-budget.ts";
import { type OperatorState, Server } from "./server.ts";

/** A named set of servers with a policy, while the proxy runs. */
export class Backend {
  readonly config: BackendConfig;
  readonly servers: readonly Server[];
  /** How many requests may be repeated. */
  readonly retryBudget: RetryBudget;
  readonly #policy: Policy<Server>;
  readonly #availability: Availability;
  readonly #closed = new AbortController();
  /** The servers that may get requests. Changes on an event, not per request. */
  #available: readonly Server[] = [];

  /** Opens nothing; `start` begins the probes. `before` is the backend of this name in the config before. */
  constructor(
    config: BackendConfig,
    { limits, log, before }: { limits: CodecLimits; log: Log; before?: Backend | undefined },
  ) {
    this.config = config;
    this.retryBudget = new RetryBudget(config.retries.budget);
    this.#policy = createPolicy<Server>(config.balance);
    this.#availability = new Availability({
      backend: config.name,
      probed: config.healthCheck !== undefined,
      rise: config.healthCheck?.rise ?? 1,
      panicThreshold: config.panicThreshold,
      slowStartMs: config.slowStart,
      onChange: (available) => {
        this.#available = available;
        this.#policy.update(available);
      },
      log,
    });
    this.servers = config.servers.map((server) => {
      const pool = new ConnectionPool({
        target: dialTargetOf(server, config.tls),
        timeouts: config.timeouts,
        maxIdle: config.timeouts.keepAlive === 0 ? 0 : config.pool.maxIdle,
        maxConnections: server.maxConnections,
        limits,
      });
      return new Server(server, {
        pool,
        ejection: config.ejection,
        outcomes: this.#availability,
        before: before?.servers.find(({ name }) => name === server.url),
      });
    });
    this.#availability.servers = this.servers;
  }

  get name(): string {
    return this.config.name;
  }

  /** The servers that get requests at this moment. */
  get available(): readonly Server[] {
    return this.#available;
  }

  /** Requests under way on all servers. */
  get inFlight(): number {
    return this.servers.reduce((sum, server) => sum + server.inFlight, 0);
  }

  /** Begins the probes, if there are any; resolves when each server has a first result. */
  start(): Promise<void> {
    return startHealthChecks(
      this.config,
      { servers: this.servers, availability: this.#availability },
      this.#closed.signal,
    );
  }

  /** The server for a request, other than those that it was sent to already; undefined where there is none. */
  pick(tried?: ReadonlySet<Server>): Server | undefined {
    return this.#policy.pick(tried) ?? this.#leastFull(tried);
  }

  /** Says what the operator wants of a server. Requests under way are finished in any case. */
  setState(server: Server, state: OperatorState): void {
    server.operator = state;
    this.#availability.refresh();
  }

  /** Ends the probes, lets go of the connections that are unused now, and of the rest as they come free. */
  close(): void {
    this.#closed.abort();
    this.#availability.dispose();
    for (const server of this.servers) server.pool.close();
  }

  /** Where all servers are full: the one on which the wait will be shortest. */
  #leastFull(tried: ReadonlySet<Server> | undefined): Server | undefined {
    let best: Server | undefined;
    for (const server of this.#available) {
      if (tried?.has(server) === true) continue;
      if (best === undefined || server.inFlight * best.weight < best.inFlight * server.weight) best = server;
    }
    return best;
  }
}
