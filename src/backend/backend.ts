import type { Policy } from "../balancing/policy.ts";
import { RoundRobin } from "../balancing/round-robin.ts";
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
  readonly #policy: Policy<Server> = new RoundRobin<Server>();

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
      const { url: name, weight, basePath, authority } = server;
      return new Server({ name, weight, basePath, authority, pool });
    });
    this.#policy.update(this.servers);
  }

  /** The server for the next request, or undefined where none is available. */
  pick(): Server | undefined {
    return this.#policy.pick();
  }

  /** Lets go of the connections that are unused now, and of the rest as they come free. */
  close(): void {
    for (const server of this.servers) server.pool.close();
  }
}
