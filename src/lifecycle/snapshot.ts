import type { Hono } from "hono";
import { Backend } from "../backend/backend.ts";
import type { FrontendConfig } from "../config/frontend.ts";
import type { Config } from "../config/schema.ts";
import { createProxyApp } from "../proxy/app.ts";

/** One frontend with the app that serves it. */
export interface Frontend {
  readonly config: FrontendConfig;
  readonly app: Hono;
}

/** All running objects built from one valid config, without sockets. */
export interface Snapshot {
  readonly config: Config;
  readonly frontends: readonly Frontend[];
  readonly backends: ReadonlyMap<string, Backend>;
}

/** Builds everything that `config` describes; opens nothing. */
export function createSnapshot(config: Config): Snapshot {
  const backends = new Map(
    Object.values(config.backends).map((backend) => [backend.name, new Backend(backend, config.limits)]),
  );
  const frontends = config.frontends.map((frontend) => ({
    config: frontend,
    app: createProxyApp({
      routes: frontend.routes.map(({ host, pathPrefix, backend }) => ({
        host,
        pathPrefix,
        target: backends.get(backend)!,
      })),
      defaultBackend: frontend.defaultBackend === undefined
        ? undefined
        : backends.get(frontend.defaultBackend),
      via: frontend.via,
    }),
  }));
  return { config, frontends, backends };
}
