import type { MetricName, MetricType } from "../base/metric-names.ts";

/** What http-proxy-lb called its metrics. */
export const HTTP_PROXY_LB_METRICS = {
  http_proxy_lb_uptime_seconds: { type: "gauge", help: "Seconds since the process started." },
  http_proxy_lb_active_connections: { type: "gauge", help: "Open connections of clients." },
  http_proxy_lb_requests_total: { type: "counter", help: "Finished requests, failed ones included." },
  http_proxy_lb_requests_success: { type: "counter", help: "Requests that were carried through." },
  http_proxy_lb_requests_failed: { type: "counter", help: "Requests that were not carried through." },
  http_proxy_lb_connect_requests: { type: "counter", help: "Requests for tunnels." },
  http_proxy_lb_http_requests: { type: "counter", help: "All other requests." },
  http_proxy_lb_direct_connections: {
    type: "counter",
    help: "Requests that a relay led straight to their targets.",
  },
  http_proxy_lb_bytes_received: { type: "counter", help: "Bytes of bodies and tunnels from clients." },
  http_proxy_lb_bytes_sent: { type: "counter", help: "Bytes of bodies and tunnels to clients." },
  http_proxy_lb_health_checks_total: { type: "counter", help: "Probes." },
  http_proxy_lb_health_checks_success: { type: "counter", help: "Probes that passed." },
  http_proxy_lb_hot_reloads: { type: "counter", help: "Configs that were taken over while running." },
  http_proxy_lb_upstream_online: { type: "gauge", help: "1 while a server gets requests." },
  http_proxy_lb_upstream_active_connections: { type: "gauge", help: "Requests under way on a server." },
  http_proxy_lb_upstream_latency_ms: {
    type: "gauge",
    help: "Average time to the head of a server's answer; 0 while none was measured.",
  },
  http_proxy_lb_upstream_consecutive_failures: {
    type: "gauge",
    help: "Failures of a server since its last success.",
  },
} as const satisfies Record<string, { type: MetricType; help: string }>;

/** What pyhaproxy called metrics of ours: `of` has the same samples under our name. */
export const PYHAPROXY_METRICS = {
  pyhaproxy_requests_total: {
    type: "counter",
    help: "Finished requests, failed ones included.",
    of: "sluice_requests_total",
  },
  pyhaproxy_request_latency_seconds: {
    type: "histogram",
    help: "From the end of a request's head to the last byte of its answer.",
    of: "sluice_request_duration_seconds",
  },
} as const satisfies Record<string, { type: MetricType; help: string; of: MetricName }>;

/** What predecessors called their metrics, as `[metrics] compat` shows them. */
export const COMPAT_METRICS = { ...HTTP_PROXY_LB_METRICS, ...PYHAPROXY_METRICS };
