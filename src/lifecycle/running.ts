import type { Log } from "../base/log.ts";
import { formatDuration } from "../base/units.ts";
import type { DownstreamOptions } from "../downstream/options.ts";
import { DownstreamServer } from "../downstream/server.ts";
import { distinctAddresses, listen, type Listener } from "../net/listen.ts";
import { logAccess } from "../observe/access-log.ts";
import { fetchIncoming } from "../proxy/app.ts";
import { answerFailure } from "../proxy/failure.ts";
import type { Frontend, Snapshot } from "./snapshot.ts";

/** A proxy that serves: its listeners and connections, and the snapshot they lead to. */
export class RunningProxy {
  readonly snapshot: Snapshot;
  readonly listeners: readonly Listener[];
  readonly #server: DownstreamServer;
  readonly #log: Log;

  constructor(snapshot: Snapshot, listeners: readonly Listener[], server: DownstreamServer, log: Log) {
    this.snapshot = snapshot;
    this.listeners = listeners;
    this.#server = server;
    this.#log = log;
  }

  /** Open connections of clients. */
  get connections(): number {
    return this.#server.size;
  }

  /**
   * Drains: accepts nothing more, finishes what is under way, cuts what is left after the drain timeout.
   * Resolves with the number of connections that were cut.
   */
  async stop(): Promise<number> {
    const { drainTimeout } = this.snapshot.config.shutdown;
    this.#log.info("drain", { connections: this.#server.size, timeout: formatDuration(drainTimeout) });
    const closed = Promise.all(this.listeners.map((listener) => listener.close()));
    const cut = await this.#server.drain(drainTimeout);
    for (const backend of this.snapshot.backends.values()) backend.close();
    if (cut > 0) this.#log.warn("drain_timeout", { cut, timeout: formatDuration(drainTimeout) });
    else await closed;
    this.#log.info("stopped", { cut });
    return cut;
  }
}

/** Binds every address of the config and serves. Rejects, with nothing left open, when one cannot be bound. */
export async function startProxy(snapshot: Snapshot, log: Log): Promise<RunningProxy> {
  const { config } = snapshot;
  const server = new DownstreamServer({
    maxConnections: config.limits.maxConnections,
    onRefused: () => log.warn("connection_refused", { reason: "connection_limit" }),
  });
  const listeners: Listener[] = [];
  try {
    for (const frontend of snapshot.frontends) {
      const options = downstreamOptions(frontend, snapshot, log);
      for (const address of distinctAddresses(frontend.config.bind)) {
        const listener = await listen(
          address,
          (socket) => server.accept(socket, options),
          (error) => log.error("accept_failed", { frontend: frontend.config.name, cause: error.message }),
        );
        listeners.push(listener);
        log.info("listening", { frontend: frontend.config.name, address: listener.address });
      }
    }
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw error;
  }
  return new RunningProxy(snapshot, listeners, server, log);
}

function downstreamOptions({ config, app }: Frontend, snapshot: Snapshot, log: Log): DownstreamOptions {
  const { limits, log: logConfig } = snapshot.config;
  return {
    limits,
    timeouts: config.timeouts,
    fetch: (request) => fetchIncoming(app, request),
    fail: (error) => answerFailure(error),
    onExchange: logConfig.access ? (exchange) => logAccess(log, config.name, exchange) : () => {},
  };
}
