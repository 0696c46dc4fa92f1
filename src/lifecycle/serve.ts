import type { Hono } from "hono";
import type { Log } from "../base/log.ts";
import type { LimitsConfig } from "../config/limits.ts";
import type { Config } from "../config/schema.ts";
import { downstreamTimeoutsSchema } from "../config/timeouts.ts";
import type { DownstreamOptions } from "../downstream/options.ts";
import { logAccess } from "../observe/access-log.ts";
import type { FrontendMetrics } from "../observe/frontend-metrics.ts";
import { fetchIncoming } from "../proxy/app.ts";
import { answerFailure } from "../proxy/failure.ts";
import type { Frontend } from "./snapshot.ts";

/** How the connections of a frontend are served. */
export function frontendOptions(
  { config: { name, timeouts }, app, errors }: Frontend,
  { config, metrics, log }: { config: Config; metrics: FrontendMetrics; log: Log },
): DownstreamOptions {
  const logged = config.log.access;
  return {
    limits: config.limits,
    timeouts,
    fetch: (request) => fetchIncoming(app, request),
    fail: (error, exchange) => answerFailure(error, exchange, errors),
    onBegun: () => metrics.begun(),
    onExchange(exchange) {
      const now = performance.now();
      metrics.finished(exchange, now);
      if (logged) logAccess(log, name, exchange, now);
    },
  };
}

/** How the connections of the admin listener are served: like a frontend's, but neither counted nor logged. */
export function adminOptions(app: Hono, limits: LimitsConfig): DownstreamOptions {
  const errors = { name: "sluice", pages: new Map() };
  return {
    limits,
    timeouts: downstreamTimeoutsSchema.parse({}),
    fetch: (request) => app.fetch(request),
    fail: (error, exchange) => answerFailure(error, exchange, errors),
    onBegun() {},
    onExchange() {},
  };
}
