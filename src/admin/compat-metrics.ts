import type { Backend } from "../backend/backend.ts";
import type { Exposition } from "../observe/exposition.ts";
import type { FrontendMetrics } from "../observe/frontend-metrics.ts";
import { sumOf, type Traffic } from "../observe/traffic.ts";
import type { Steps } from "../net/steps.ts";

/** What the metrics of http-proxy-lb are made of. */
export interface CompatSources {
  readonly frontends: ReadonlyMap<string, FrontendMetrics>;
  backends(): Iterable<Backend>;
  /** Of frontends that are gone. */
  readonly gone: Traffic;
  /** Requests so far that a relay led straight to their targets. */
  straightRequests(): number;
  /** Probes so far. */
  readonly probes: { readonly all: number; readonly passed: number };
  readonly reloads: { readonly done: number };
}

/** One server, in whatever backends it is. */
interface Upstream {
  online: boolean;
  active: number;
  latencyMs: number;
  failures: number;
}

/** Adds what http-proxy-lb counts, under its names; `connections` of clients are open. */
export function* collectCompat(page: Exposition, sources: CompatSources, connections: number): Steps<void> {
  const { gone, frontends, probes, reloads } = sources;
  const { requests, failed, connects, bytesIn, bytesOut } = sumOf(
    [gone, ...[...frontends.values()].flatMap(({ traffic }) => traffic)],
  );
  page.add("http_proxy_lb_uptime_seconds", {}, Math.floor(performance.now() / 1000));
  page.add("http_proxy_lb_active_connections", {}, connections);
  page.add("http_proxy_lb_requests_total", {}, requests);
  page.add("http_proxy_lb_requests_success", {}, requests - failed);
  page.add("http_proxy_lb_requests_failed", {}, failed);
  page.add("http_proxy_lb_connect_requests", {}, connects);
  page.add("http_proxy_lb_http_requests", {}, requests - connects);
  page.add("http_proxy_lb_direct_connections", {}, sources.straightRequests());
  page.add("http_proxy_lb_bytes_received", {}, bytesIn);
  page.add("http_proxy_lb_bytes_sent", {}, bytesOut);
  page.add("http_proxy_lb_health_checks_total", {}, probes.all);
  page.add("http_proxy_lb_health_checks_success", {}, probes.passed);
  page.add("http_proxy_lb_hot_reloads", {}, reloads.done);
  for (const [url, upstream] of yield* upstreamsOf(sources.backends())) {
    page.add("http_proxy_lb_upstream_online", { url }, upstream.online ? 1 : 0);
    page.add("http_proxy_lb_upstream_active_connections", { url }, upstream.active);
    page.add("http_proxy_lb_upstream_latency_ms", { url }, upstream.latencyMs);
    page.add("http_proxy_lb_upstream_consecutive_failures", { url }, upstream.failures);
    yield;
  }
}

/** The servers by their URLs: that is all the label tells, and several backends may have the same. */
function* upstreamsOf(backends: Iterable<Backend>): Steps<ReadonlyMap<string, Upstream>> {
  const upstreams = new Map<string, Upstream>();
  for (const backend of [...backends]) {
    const available = new Set(backend.available);
    for (const server of [...backend.servers]) {
      const before = upstreams.get(server.name);
      upstreams.set(server.name, {
        online: available.has(server) || before?.online === true,
        active: server.inFlight + (before?.active ?? 0),
        latencyMs: Math.max(Math.round(server.latency.averageMs ?? 0), before?.latencyMs ?? 0),
        failures: Math.max(server.passive.failuresInARow, before?.failures ?? 0),
      });
      yield;
    }
  }
  return upstreams;
}
