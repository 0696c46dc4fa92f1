import { createPolicy } from "../balancing/create.ts";
import type { Policy } from "../balancing/policy.ts";
import type { BackendConfig } from "../config/backend.ts";
import type { CodecLimits } from "../http1/limits.ts";
import { ConnectionPool } from "../upstream/pool.ts";
import { Server } from "./server.ts";

/** A named set of servers with a policy, while the proxy runs. */
export class Backend {
  readonly name: string;
  readonly servers: readonly Server[];
  /** Whether servers see the client's Host or their own. */
  readonly hostHeader: "preserve" | "rewrite";
  /** Silence that ends a tunnel, in ms; 0 for never. */
  readonly tunnelIdleMs: number;
  readonly #policy: Policy<Server>;
  /** The servers that may get requests. Changes on an event, not per request. */
  #available: readonly Server[] = [];

  constructor(config: BackendConfig, limits: CodecLimits) {
    this.name = config.name;
    this.hostHeader = config.hostHeader;
    this.tunnelIdleMs = config.timeouts.tunnelIdle;
    this.servers = config.servers.map((server) => {
      const tls = {
        serverName: config.tls.serverName ?? server.host,
        verify: config.tls.verify,
        ca: config.tls.ca,
      };
      const pool = new ConnectionPool({
        target: {
          host: server.host,
          port: server.port,
          socketPath: server.socketPath,
          tls: server.tls ? tls : undefined,
        },
        timeouts: config.timeouts,
        maxIdle: config.timeouts.keepAlive === 0 ? 0 : config.pool.maxIdle,
        maxConnections: server.maxConnections,
        limits,
      });
      return new Server(server, pool);
    });
    this.#policy = createPolicy<Server>(config.balance);
    this.#refresh();
  }

  /** The server for the next request, or undefined where none is available. */
  pick(): Server | undefined {
    return this.#policy.pick() ?? this.#leastFull();
  }

  /** Requests under way on all servers. */
  get inFlight(): number {
    return this.servers.reduce((sum, server) => sum + server.inFlight, 0);
  }

  /** Lets go of the connections that are unused now, and of the rest as they come free. */
  close(): void {
    for (const server of this.servers) server.pool.close();
  }

  /** Works out anew who may get requests; a weight of 0 drains. */
  #refresh(): void {
    this.#available = this.servers.filter((server) => server.weight > 0);
    this.#policy.update(this.#available);
  }

  /** Where all servers are full: the one on which the wait will be shortest. */
  #leastFull(): Server | undefined {
    let best: Server | undefined;
    for (const server of this.#available) {
      if (best === undefined || server.inFlight * best.weight < best.inFlight * server.weight) best = server;
    }
    return best;
  }
}
