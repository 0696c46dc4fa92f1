import type { Backend } from "../backend/backend.ts";
import type { History } from "../observe/history.ts";
import { sumOf } from "../observe/traffic.ts";
import type { CacheStatus } from "./cache-status.ts";
import { type ServerStatus, statusOfServer } from "./server-status.ts";
import {
  type FrontendSource,
  routesOf,
  type TrafficSources,
  trafficTo,
  watchedAll,
  watchedBackend,
  watchedFrontend,
  watchedRoute,
} from "./watched.ts";
import { statusOfTraffic, type TrafficStatus } from "./traffic-status.ts";

/** A rule, a route, or `default`, that had a request. */
export interface RouteStatus extends TrafficStatus {
  readonly name: string;
  /** Who answers there. */
  readonly leadsTo: string;
}

export interface FrontendStatus extends TrafficStatus {
  readonly name: string;
  readonly mode: string;
  readonly bind: readonly string[];
  readonly inFlight: number;
  /** Clients that were turned away. */
  readonly refused: number;
  /** Requests that the proxy did not carry through, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Those that had a request, the busiest of late first; a relay has none. */
  readonly routes: readonly RouteStatus[];
  /** How many rules and routes there are. */
  readonly routeCount: number;
}

/** A backend; its traffic is what clients see. */
export interface BackendStatus extends TrafficStatus {
  readonly name: string;
  readonly balance: string;
  /** Whether the proxy is not ready without it. */
  readonly critical: boolean;
  readonly inFlight: number;
  /** Servers that get requests. */
  readonly available: number;
  readonly servers: readonly ServerStatus[];
}

/** Reloads so far, and the last. */
export interface ReloadStatus {
  readonly done: number;
  readonly failed: number;
  readonly last: {
    readonly at: string;
    readonly result: "done" | "refused";
    /** What is wrong with the config that was refused. */
    readonly cause?: string | undefined;
  } | undefined;
}

/** Holds no secrets: whoever reaches the admin listener may see it. */
export interface ProxyStatus extends TrafficStatus {
  readonly version: string;
  readonly runtime: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  /** Whether the proxy is to get requests: it has started, is not stopping, and no critical backend is empty. */
  readonly ready: boolean;
  /** Addresses that are bound. */
  readonly listeners: readonly string[];
  /** Open connections of clients. */
  readonly connections: number;
  readonly inFlight: number;
  /** Requests that were not carried through, for whatever reason. */
  readonly failed: number;
  /** Requests for tunnels, and those that a relay led straight to their targets. */
  readonly connectRequests: number;
  readonly straightRequests: number;
  readonly reloads: ReloadStatus;
  /** What is kept of answers; undefined where none are. */
  readonly cache: CacheStatus | undefined;
  readonly frontends: readonly FrontendStatus[];
  readonly backends: readonly BackendStatus[];
}

/** What a status is made of. */
export interface StatusSources extends TrafficSources {
  readonly build: { readonly version: string; readonly runtime: string };
  readonly history: History;
  readonly ready: boolean;
  readonly listeners: readonly string[];
  /** Requests so far that a relay led straight to their targets. */
  straightRequests(): number;
  /** Probes so far. */
  readonly probes: { readonly all: number; readonly passed: number };
  connections(): number;
  cacheStatus(): CacheStatus | undefined;
  readonly reloads: {
    readonly done: number;
    readonly failed: number;
    readonly last: { readonly at: number; readonly cause: string | undefined } | undefined;
  };
}

/** Everything at this moment. */
export function statusOfProxy(sources: StatusSources): ProxyStatus {
  const steps = collectStatus(sources);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same in steps that take no time to speak of. */
export function* collectStatus(sources: StatusSources): Generator<void, ProxyStatus, void> {
  const { build, history, frontends, reloads } = sources;
  const all = watchedAll(sources);
  const parts = [sources.gone, ...frontends.flatMap(({ metrics }) => metrics.traffic)];
  const { failed, connects } = sumOf(parts);
  const frontendStates: FrontendStatus[] = [];
  for (const frontend of frontends) {
    frontendStates.push(statusOfFrontend(frontend, history));
    yield;
  }
  const backends: BackendStatus[] = [];
  for (const backend of [...sources.backends()]) {
    backends.push(yield* collectBackend(backend, { history, frontends }));
  }
  return {
    ...build,
    startedAt: new Date(performance.timeOrigin).toISOString(),
    uptimeSeconds: Math.floor(performance.now() / 1000),
    ready: sources.ready,
    listeners: sources.listeners,
    connections: sources.connections(),
    inFlight: frontendStates.reduce((sum, { inFlight }) => sum + inFlight, 0),
    failed,
    connectRequests: connects,
    straightRequests: sources.straightRequests(),
    ...statusOfTraffic(parts, all, history),
    reloads: statusOfReloads(reloads),
    cache: sources.cacheStatus(),
    frontends: frontendStates,
    backends,
  };
}

/** The state of `backend` at this moment; without its traffic where no frontend leads to it. */
export function statusOfBackend(backend: Backend): BackendStatus {
  const steps = collectBackend(backend, { history: undefined, frontends: [] });
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

function* collectBackend(
  backend: Backend,
  { history, frontends }: { history: History | undefined; frontends: readonly FrontendSource[] },
): Generator<void, BackendStatus, void> {
  const { name } = backend;
  const available = new Set(backend.available);
  const servers: ServerStatus[] = [];
  for (const server of [...backend.servers]) {
    servers.push(statusOfServer(server, { backend: name, available: available.has(server), history }));
    yield;
  }
  return {
    name,
    balance: backend.config.balance,
    critical: backend.config.critical,
    inFlight: backend.inFlight,
    available: available.size,
    ...statusOfTraffic(trafficTo(name, frontends), watchedBackend(name, frontends), history),
    servers,
  };
}

function statusOfFrontend(frontend: FrontendSource, history: History): FrontendStatus {
  const { name, mode, bind, metrics } = frontend;
  const routes = routesOf(frontend).map((route) => ({
    name: route.name,
    leadsTo: route.leadsTo,
    ...statusOfTraffic(
      route.traffic === undefined ? [] : [route.traffic],
      watchedRoute(name, route),
      history,
    ),
  }));
  return {
    name,
    mode,
    bind,
    inFlight: metrics.inFlight,
    refused: metrics.refusals,
    failures: Object.fromEntries(metrics.failures()),
    ...statusOfTraffic(metrics.traffic, watchedFrontend(frontend), history),
    routes: routes.sort((a, b) =>
      b.fiveMinutes!.requests - a.fiveMinutes!.requests || b.requests - a.requests
    ),
    routeCount: frontend.routes?.size ?? 0,
  };
}

function statusOfReloads({ done, failed, last }: StatusSources["reloads"]): ReloadStatus {
  return {
    done,
    failed,
    last: last && {
      at: new Date(last.at).toISOString(),
      result: last.cause === undefined ? "done" : "refused",
      cause: last.cause,
    },
  };
}
