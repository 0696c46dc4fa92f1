import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import type { FrontendMetrics } from "../observe/frontend-metrics.ts";
import type { Watched } from "../observe/history.ts";
import type { RouteTable, RouteTraffic } from "../observe/route-traffic.ts";
import type { Traffic } from "../observe/traffic.ts";

/** One frontend as far as its traffic goes. */
export interface FrontendSource {
  readonly name: string;
  readonly mode: string;
  /** Addresses that it is bound to, as the config has them. */
  readonly bind: readonly string[];
  readonly metrics: FrontendMetrics;
  /** Undefined for a relay. */
  readonly routes: RouteTable | undefined;
}

/** What a history is kept of. Read when somebody asks, not while requests run. */
export interface TrafficSources {
  readonly frontends: readonly FrontendSource[];
  backends(): Iterable<Backend>;
  /** Of frontends that are gone. */
  readonly gone: Traffic;
}

/** Routes of a frontend that windows are kept of, those that had a request first. */
const MAX_ROUTES = 256;

/** The key of the plot of everything. */
export const ALL_KEY = "all";
/** What stands before the name in the key of a backend. */
const BACKEND_KEY = "backend ";

/** Everything that has a past. */
export function* watchedOf(sources: TrafficSources): Generator<Watched, void, void> {
  const { frontends } = sources;
  yield watchedAll(sources);
  for (const frontend of frontends) {
    yield watchedFrontend(frontend);
    for (const route of routesOf(frontend)) yield watchedRoute(frontend.name, route);
  }
  for (const backend of sources.backends()) {
    yield watchedBackend(backend.name, frontends);
    for (const server of backend.servers) yield watchedServer(backend.name, server);
  }
}

/** All requests. */
export function watchedAll({ frontends, gone }: TrafficSources): Watched {
  const parts = [gone, ...frontends.flatMap(({ metrics }) => metrics.traffic)];
  return { key: ALL_KEY, parts, plotted: true };
}

export function watchedFrontend({ name, metrics }: FrontendSource): Watched {
  return { key: `frontend ${name}`, parts: metrics.traffic };
}

/** The rules and routes that have a past. */
export function routesOf({ routes }: FrontendSource): readonly RouteTraffic[] {
  return routes?.active.slice(0, MAX_ROUTES) ?? [];
}

export function watchedRoute(frontend: string, { name, traffic }: RouteTraffic): Watched {
  return { key: `route ${frontend} ${name}`, parts: traffic === undefined ? [] : [traffic] };
}

/** Its traffic as clients see it, from all frontends. */
export function watchedBackend(name: string, frontends: readonly FrontendSource[]): Watched {
  return { key: BACKEND_KEY + name, parts: trafficTo(name, frontends), plotted: true };
}

/** The parts of the traffic to a backend. */
export function trafficTo(name: string, frontends: readonly FrontendSource[]): readonly Traffic[] {
  return frontends.flatMap(({ metrics }) => metrics.trafficTo(name) ?? []);
}

/** The backend whose key `key` is; undefined where it is none. */
export function backendOfKey(key: string): string | undefined {
  return key.startsWith(BACKEND_KEY) ? key.slice(BACKEND_KEY.length) : undefined;
}

/** Attempts on a server, to the head of its answer. */
export function watchedServer(backend: string, { name, record }: Server): Watched {
  return { key: `server ${backend} ${name}`, parts: [record] };
}
