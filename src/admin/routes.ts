import { z } from "zod";
import { EXPOSITION_FORMATS } from "../observe/exposition-format.ts";
import {
  eventsAnswer,
  jsonAnswer,
  metricsAnswer,
  type MetricsPage,
  pageAnswer,
  readyAnswer,
  valueAnswer,
} from "./answers.ts";
import { dashboardPage } from "./dashboard/page.ts";
import type { Backend } from "../backend/backend.ts";
import type { CacheStore } from "../cache/store.ts";
import { cacheRoutes } from "./cache.ts";
import type { CacheStatus } from "./cache-status.ts";
import { errorRoutes } from "./errors.ts";
import { explainRoute } from "./explain.ts";
import type { ExplainedProxy } from "../explain/explain.ts";
import { healthSchema } from "./health.ts";
import { describeRoutes } from "./openapi.ts";
import type { RecentError } from "../observe/recent-errors.ts";
import { type LevelWish, logRoutes } from "./log-level.ts";
import { type ConfigReloader, reloadRoutes } from "./reload.ts";
import { serverRoutes } from "./servers.ts";
import { AdminRefusal, type AdminRoute, readRoute } from "./route.ts";

/** What the admin listener tells and changes, from wherever it is known. */
export interface AdminParts {
  /** Of the program. */
  readonly version: string;
  /** All metrics. */
  readonly metrics: MetricsPage;
  /** Whether the proxy is to get requests: it has started, and is not stopping. */
  ready(): boolean;
  /** Everything that is known, as JSON. */
  status(): Promise<string>;
  /** The plots of the last minutes, as JSON. */
  history(): string;
  /** The state once a second, as server-sent events; undefined where as many listen as may. */
  events(): ReadableStream<Uint8Array> | undefined;
  /** Those of the config that runs, by name. */
  backends(): ReadonlyMap<string, Backend>;
  /** Where answers are kept; undefined where none are. */
  cache(): CacheStore | undefined;
  cacheStatus(): CacheStatus | undefined;
  /** What the config that runs has built. */
  explained(): ExplainedProxy;
  /** Which servers get requests. */
  health(): z.output<typeof healthSchema>;
  /** The requests that failed last. */
  errors(): readonly RecentError[];
  /** Who reads the config; undefined where nobody does. */
  reloader(): ConfigReloader | undefined;
  readonly levelWish: LevelWish;
}

/** Every route of the admin listener: the one table that both the app and its description are made of. */
export function adminRoutes(parts: AdminParts): readonly AdminRoute[] {
  const {
    version,
    metrics,
    ready,
    status,
    history,
    events,
    backends,
    health,
    errors,
    reloader,
    levelWish,
    explained,
  } = parts;
  const routes: AdminRoute[] = [
    readRoute({
      path: "/",
      summary: "The dashboard: a page that shows what the other paths tell.",
      answers: "text/html",
      open: true, // it holds nothing, and asks for the token where one is wanted
      read: () => pageAnswer(dashboardPage()),
    }),
    readRoute({
      path: "/metrics",
      summary: "All metrics, in Prometheus' text format or as OpenMetrics.",
      answers: EXPOSITION_FORMATS.map(({ type }) => type),
      read: ({ headers }) => metricsAnswer(headers.get("accept") ?? undefined, metrics),
    }),
    readRoute({
      path: "/ready",
      summary: "Whether the proxy is to get requests.",
      answers: "text/plain",
      statuses: { 503: "It is starting or stopping, or a critical backend has no server." },
      open: true,
      read: () => readyAnswer(ready()),
    }),
    readRoute({
      path: "/health",
      summary: "Which servers get requests. 200 in any case.",
      answers: healthSchema,
      open: true,
      read: () => valueAnswer(health()),
    }),
    readRoute({
      path: "/status",
      summary: "The state of everything, and the traffic of the last minutes.",
      answers: z.looseObject({}),
      read: async () => jsonAnswer(await status()),
    }),
    readRoute({
      path: "/history",
      summary: "Requests, errors and latency of each backend in the last 15 minutes, in steps of 5 s.",
      answers: z.looseObject({}),
      read: () => jsonAnswer(history()),
    }),
    readRoute({
      path: "/events",
      summary: "The state once a second, as server-sent events.",
      answers: "text/event-stream",
      statuses: { 503: "As many listen as may." },
      read({ method }) {
        const stream = method === "HEAD" ? null : events();
        if (stream !== undefined) return eventsAnswer(stream);
        throw new AdminRefusal(503, "As many listen as may", { headers: { "Retry-After": "10" } });
      },
    }),
    explainRoute(explained),
    ...serverRoutes(backends),
    ...cacheRoutes(parts.cache, parts.cacheStatus),
    ...errorRoutes(errors),
    ...reloadRoutes(reloader),
    ...logRoutes(levelWish),
    readRoute({
      path: "/openapi.json",
      summary: "This description.",
      answers: z.looseObject({}),
      read: () => jsonAnswer(JSON.stringify(describeRoutes(routes, version), undefined, 2) + "\n"),
    }),
  ];
  return routes;
}

/** Paths of the pages that may be shown to everybody. */
const PAGES: ReadonlySet<string> = new Set(["/health", "/ready", "/metrics", "/status"]);

/** Of `routes` the pages that `pages_only` leaves, for everybody. */
export function openPages(routes: readonly AdminRoute[]): readonly AdminRoute[] {
  return routes.filter(({ path }) => PAGES.has(path)).map((route) => ({ ...route, open: true }));
}
