import type { Hono } from "hono";
import type { Log } from "./base/log.ts";
import { createLog } from "./base/log.ts";
import { validateConfig } from "./config/load.ts";
import { type RunningProxy, startProxy } from "./lifecycle/running.ts";
import { createSnapshot } from "./lifecycle/snapshot.ts";
import { ForwardedResponse } from "./message/response.ts";

/** A proxy as an object, for programs that embed it. */
export interface Proxy {
  /** The Hono app of the first frontend. */
  readonly app: Hono;
  /** Serves one request as the first frontend would, inside anybody's server. */
  fetch(request: Request): Promise<Response>;
  /** Binds the frontends' addresses and serves; resolves with the bound addresses. */
  start(): Promise<readonly string[]>;
  /** Drains and stops; resolves with the number of connections that were cut. */
  stop(): Promise<number>;
}

/**
 * Creates a proxy from config data: the keys and values of a config file, as an object.
 * @throws {ConfigError} with every problem of the config at once.
 */
export function createProxy(config: unknown, options: { log?: Log } = {}): Proxy {
  const snapshot = createSnapshot(validateConfig(config));
  const { level, format } = snapshot.config.log;
  const log = options.log ?? createLog({ level, format: format === "text" ? "text" : "json" });
  const app = snapshot.frontends[0]!.app;
  let running: RunningProxy | undefined;
  return {
    app,
    async fetch(request) {
      const response = await app.fetch(request);
      return response instanceof ForwardedResponse ? response.materialize() : response;
    },
    async start() {
      running = await startProxy(snapshot, log);
      return running.listeners.map((listener) => listener.address);
    },
    async stop() {
      const cut = await running?.stop() ?? 0;
      for (const backend of snapshot.backends.values()) backend.close();
      return cut;
    },
  };
}
