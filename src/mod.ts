import type { Hono } from "hono";
import type { Log } from "./base/log.ts";
import { createLog } from "./base/log.ts";
import { validateConfig } from "./config/load.ts";
import { openStdout } from "./net/stdout.ts";
import { RunningProxy } from "./lifecycle/running.ts";
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
  const valid = validateConfig(config);
  const { level, format } = valid.log;
  const log = options.log ?? createLog({
    level,
    format: format === "text" ? "text" : "json",
    write: openStdout().write,
  });
  const running = new RunningProxy(valid, log);
  const app = running.snapshot.frontends[0]!.app;
  return {
    app,
    async fetch(request) {
      const response = await app.fetch(request);
      return response instanceof ForwardedResponse ? response.materialize() : response;
    },
    async start() {
      await running.start();
      return running.listeners.map((listener) => listener.address);
    },
    stop: () => running.stop(),
  };
}
