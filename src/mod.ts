import process from "node:process";
import type { Context, Hono } from "hono";
import type { BackendStatus, ProxyStatus } from "./admin/status.ts";
import { createLog, type Log } from "./base/log.ts";
import type { CallOptions } from "./config/call-options.ts";
import { refuseData, validateConfig } from "./config/load.ts";
import { type LogConfig, logSchema } from "./config/sections/log.ts";
import { ServedApp, type ServedAppOptions } from "./lifecycle/served-app.ts";
import { MiddlewareModules } from "./lifecycle/middleware-modules.ts";
import { EmbeddedBackend, type EmbeddedOptions } from "./lifecycle/embedded-backend.ts";
import { failedTests } from "./lifecycle/offline.ts";
import { RunningProxy } from "./lifecycle/running.ts";
import { ForwardedResponse } from "./message/forwarded-response.ts";
import { openStdout } from "./net/stdout.ts";
import type { App } from "./proxy/app.ts";

export { ConfigError } from "./config/problems/error.ts";
export type { ServerStatus } from "./admin/server-status.ts";
export type { BackendStatus, ProxyStatus } from "./admin/status.ts";
export type { Log } from "./base/log.ts";
export type { CallOptions } from "./config/call-options.ts";
export type { App } from "./proxy/app.ts";
export type { SluiceEnv, SluiceMiddleware } from "./proxy/middleware.ts";

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
  /** What is known of its listeners, backends and servers at this moment. */
  status(): ProxyStatus;
}

/** What `sluice run` does with a log's file, a program does with its own log. */
const OWN_LOG_FILE = {
  path: ["log", "file"],
  message: "is for sluice run; accepted: a log of the program, in the options of createProxy()",
};

/**
 * Creates a proxy from config data: the keys and values of a config file, as an object. A `middleware` may be a function
 * there; files are relative to the working directory and load meanwhile, which requests wait for; `start` rejects with a
 * ConfigError where one cannot be loaded.
 * @throws {ConfigError} with every problem of the config at once.
 */
export function createProxy(config: unknown, options: { log?: Log } = {}): Proxy {
  const valid = validateConfig(config);
  const failed = failedTests(valid);
  if (failed.length > 0) throw refuseData(failed);
  if (options.log === undefined && valid.log.file !== undefined) throw refuseData([OWN_LOG_FILE]);
  const { config: complete, problems } = new MiddlewareModules(process.cwd()).loadLate(valid);
  const running = new RunningProxy(complete, options.log ?? defaultLog(valid.log));
  const app = running.snapshot.frontends[0]!.app;
  return {
    app,
    async fetch(request) {
      const response = await app.fetch(request);
      return response instanceof ForwardedResponse ? response.materialize() : response;
    },
    async start() {
      const unloaded = await problems;
      if (unloaded.length > 0) throw refuseData(unloaded);
      await running.start();
      return running.listeners.map((listener) => listener.address);
    },
    stop: () => running.stop(),
    status: () => running.status(),
  };
}

/** Servers behind a policy, with health checks and retries, for routes of one's own. */
export interface BackendHandle {
  /**
   * Looks names up and begins to probe; resolves when each server has a first result. Without it all servers count as
   * up, and requests alone say more.
   */
  start(): Promise<void>;
  /** Ends the probes and lets go of the connections, each once it is unused. */
  stop(): void;
  /**
   * Sends `request` to a server. What fails is answered as a proxy answers it (502, 503, 504).
   * @throws {ConfigError} where `options` are not valid.
   */
  fetch(request: Request, options?: CallOptions): Promise<Response>;
  /** A handler for a Hono app; `options` may depend on the request. */
  handler(options?: CallOptions | ((c: Context) => CallOptions)): (c: Context) => Promise<Response>;
  /** What is known of the servers at this moment. */
  status(): BackendStatus;
}

/**
 * Creates a backend; `config` is one of the config file, as an object. Upgrades (WebSocket) need `serve`, as other
 * servers do not hand a connection over.
 * @throws {ConfigError} with every problem of the config at once.
 */
export function createBackend(config: unknown, options: Partial<EmbeddedOptions> = {}): BackendHandle {
  return new EmbeddedBackend(config, { ...options, log: options.log ?? defaultLog() });
}

/** An app that is being served. */
export interface Serving {
  /** Addresses that are bound. */
  readonly addresses: readonly string[];
  /** Drains and stops; resolves with the number of connections that were cut. */
  stop(): Promise<number>;
}

/**
 * Serves an app of one's own, such as a Hono app, on Sluice's engine.
 * @throws {ConfigError} with every problem of the options at once. Rejects where an address cannot be bound.
 */
export async function serve(
  app: App,
  options: Omit<ServedAppOptions, "log"> & { readonly log?: Log },
): Promise<Serving> {
  const served = new ServedApp(app, { ...options, log: options.log ?? defaultLog() });
  await served.start();
  return served;
}

function defaultLog({ level, format, valueSize }: LogConfig = logSchema.parse({})): Log {
  return createLog({
    level,
    format: format === "auto" ? "json" : format,
    valueSize,
    write: openStdout().write,
  });
}
