import type { MetricName } from "../../src/base/metric-names.ts";
import { layOut, type Row } from "./panels.ts";
import { quantile, rate, series, sum } from "./queries.ts";

const ERRORS = 'status=~"5.."';
const ALL_REQUESTS = `sum(rate(${series("sluice_requests_total", "both")}[$__rate_interval]))`;
const FAILED = `sum(rate(${series("sluice_requests_total", "both", { more: ERRORS })}[$__rate_interval]))`;

const OVERVIEW: Row = {
  title: "Overview",
  panels: [
    { title: "Requests", unit: "reqps", stat: true, targets: [{ expr: ALL_REQUESTS, legend: "" }] },
    {
      title: "Answered 5xx",
      unit: "percentunit",
      stat: true,
      thresholds: [0.001, 0.01],
      targets: [{ expr: `(${FAILED} or vector(0)) / ${ALL_REQUESTS}`, legend: "" }],
    },
    {
      title: "99 of 100 within",
      unit: "s",
      stat: true,
      targets: [{ expr: quantile(0.99, "sluice_request_duration_seconds", "", "both"), legend: "" }],
    },
    {
      title: "Under way",
      stat: true,
      targets: [{ expr: `sum(${series("sluice_requests_in_flight", "frontend")})`, legend: "" }],
    },
    {
      title: "Connections",
      stat: true,
      targets: [{ expr: `sum(${series("sluice_connections")})`, legend: "" }],
    },
    {
      title: "Least servers of a backend",
      stat: true,
      thresholds: [2, 1],
      targets: [{ expr: `min(${series("sluice_backend_available_servers", "backend")})`, legend: "" }],
    },
    {
      title: "Last reload",
      stat: true,
      thresholds: [1, 0.5],
      targets: [{ expr: `min(${series("sluice_last_reload_success")})`, legend: "" }],
    },
    {
      title: "Version",
      stat: true,
      targets: [{ expr: sum("sluice_build_info", "version, runtime"), legend: "{{version}} {{runtime}}" }],
    },
  ],
};

const CLIENTS: Row = {
  title: "What clients see",
  panels: [
    {
      title: "Requests by status",
      unit: "reqps",
      stacked: true,
      targets: [{ expr: rate("sluice_requests_total", "status", "both"), legend: "{{status}}" }],
    },
    {
      title: "Not carried through, by reason",
      description: "The reasons are explained in docs/operating.md.",
      unit: "reqps",
      stacked: true,
      targets: [{
        expr: rate("sluice_request_failures_total", "backend, reason", "both"),
        legend: "{{backend}} {{reason}}",
      }],
    },
    {
      title: "Time of a request",
      description: "From the end of its head to the last byte of its answer; a tunnel's whole life.",
      unit: "s",
      targets: [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, "sluice_request_duration_seconds", "frontend", "both"),
        legend: `{{frontend}} p${q * 100}`,
      })),
    },
    {
      title: "Requests by frontend and version",
      unit: "reqps",
      targets: [{
        expr: rate("sluice_requests_by_version_total", "frontend, version", "frontend"),
        legend: "{{frontend}} HTTP/{{version}}",
      }],
    },
    {
      title: "Bytes of bodies and tunnels",
      unit: "Bps",
      targets: [
        {
          expr: rate("sluice_received_body_bytes_total", "frontend", "frontend"),
          legend: "{{frontend}} received",
        },
        { expr: rate("sluice_sent_body_bytes_total", "frontend", "frontend"), legend: "{{frontend}} sent" },
      ],
    },
    {
      title: "Connections by where they stand",
      stacked: true,
      targets: [{ expr: sum("sluice_connections_by_state", "state"), legend: "{{state}}" }],
    },
    {
      title: "New connections",
      unit: "cps",
      targets: [
        { expr: rate("sluice_accepted_connections_total", "frontend", "frontend"), legend: "{{frontend}}" },
        {
          expr: rate("sluice_refused_connections_total", "frontend", "frontend"),
          legend: "{{frontend}} turned away",
        },
      ],
    },
    {
      title: "Tunnels",
      targets: [
        { expr: sum("sluice_tunnels", "frontend, kind", "frontend"), legend: "{{frontend}} {{kind}}" },
      ],
    },
    {
      title: "New tunnels",
      unit: "cps",
      targets: [{
        expr: rate("sluice_opened_tunnels_total", "frontend, kind", "frontend"),
        legend: "{{frontend}} {{kind}}",
      }],
    },
  ],
};

const BACKENDS: Row = {
  title: "Backends",
  panels: [
    {
      title: "Requests by backend",
      unit: "reqps",
      targets: [{ expr: rate("sluice_requests_total", "backend", "both"), legend: "{{backend}}" }],
    },
    {
      title: "Under way",
      targets: [{
        expr: sum("sluice_backend_requests_in_flight", "backend", "backend"),
        legend: "{{backend}}",
      }],
    },
    {
      title: "Servers that get requests",
      targets: [{
        expr: `min by (backend) (${series("sluice_backend_available_servers", "backend")})`,
        legend: "{{backend}}",
      }],
    },
    {
      title: "Retries",
      unit: "reqps",
      targets: [{ expr: rate("sluice_retries_total", "backend", "both"), legend: "{{backend}}" }],
    },
    {
      title: "Wait for a full server",
      description: "Of the requests that had to wait.",
      unit: "s",
      targets: [0.5, 0.99].map((q) => ({
        expr: quantile(q, "sluice_queue_seconds", "backend", "both"),
        legend: `{{backend}} p${q * 100}`,
      })),
    },
    {
      title: "Requests that wait",
      targets: [{
        expr: sum("sluice_server_queue_length", "backend, server", "backend"),
        legend: "{{backend}} {{server}}",
      }],
    },
    {
      title: "Cache",
      description: "Requests that came by it, by what it did for them.",
      unit: "reqps",
      targets: [{
        expr: rate("sluice_cache_requests_total", "result", "frontend"),
        legend: "{{result}}",
      }],
    },
    {
      title: "Kept answers",
      description: "How many, what they take up, and how many went to make room.",
      targets: [
        { expr: sum("sluice_cache_objects", "instance"), legend: "{{instance}} answers" },
        { expr: sum("sluice_cache_bytes", "instance"), legend: "{{instance}} bytes" },
        { expr: rate("sluice_cache_evictions_total", "instance"), legend: "{{instance}} gone" },
      ],
    },
    {
      title: "Circuit breakers",
      description: "0 closed, 1 half open, 2 open.",
      targets: [
        {
          expr: `max by (frontend, route) (${series("sluice_circuit_breaker_state", "frontend")})`,
          legend: "{{frontend}} {{route}}",
        },
        {
          expr: `sum by (frontend, route) (increase(${
            series("sluice_circuit_breaker_opened_total", "frontend")
          }[$__rate_interval]))`,
          legend: "{{frontend}} {{route}} times",
        },
      ],
    },
  ],
};

/** A gauge of each server. */
function ofServer(title: string, name: MetricName, range?: readonly [number, number]) {
  const expr = `min by (backend, server) (${series(name, "backend")})`;
  return {
    title,
    targets: [{ expr, legend: "{{backend}} {{server}}" }],
    ...(range !== undefined && { range }),
  };
}

const SERVERS: Row = {
  title: "Servers",
  panels: [
    {
      title: "Answers by class of status",
      unit: "reqps",
      targets: [{
        expr: rate("sluice_server_responses_total", "backend, server, status", "backend"),
        legend: "{{backend}} {{server}} {{status}}",
      }],
    },
    {
      title: "Failed attempts",
      unit: "reqps",
      stacked: true,
      targets: [{
        expr: rate("sluice_server_failures_total", "backend, server, reason", "backend"),
        legend: "{{backend}} {{server}} {{reason}}",
      }],
    },
    {
      title: "Time to the head of an answer",
      unit: "s",
      targets: [0.5, 0.99].map((q) => ({
        expr: quantile(q, "sluice_server_response_seconds", "backend, server", "backend"),
        legend: `{{backend}} {{server}} p${q * 100}`,
      })),
    },
    ofServer("Up, as probes say", "sluice_server_up", [0, 1]),
    {
      title: "Failed probes",
      unit: "cps",
      targets: [{
        expr: rate("sluice_server_probes_total", "backend, server", "backend", 'result="failed"'),
        legend: "{{backend}} {{server}}",
      }],
    },
    {
      title: "Ejected",
      targets: [
        {
          expr: `max by (backend, server) (${series("sluice_server_ejected", "backend")})`,
          legend: "{{backend}} {{server}}",
        },
        {
          expr: `sum by (backend, server) (increase(${
            series("sluice_server_ejections_total", "backend")
          }[$__rate_interval]))`,
          legend: "{{backend}} {{server}} times",
        },
      ],
    },
    {
      title: "Under way",
      targets: [{
        expr: sum("sluice_server_requests_in_flight", "backend, server", "backend"),
        legend: "{{backend}} {{server}}",
      }],
    },
    {
      title: "Went on to another server",
      unit: "reqps",
      targets: [{
        expr: rate("sluice_server_retries_total", "backend, server", "backend"),
        legend: "{{backend}} {{server}}",
      }],
    },
    {
      title: "Second attempts",
      description: "Made beside a slow one; those that won were first to answer.",
      unit: "reqps",
      targets: [
        {
          expr: rate("sluice_server_hedges_total", "backend, server", "backend"),
          legend: "{{backend}} {{server}}",
        },
        {
          expr: rate("sluice_server_hedges_won_total", "backend, server", "backend"),
          legend: "{{backend}} {{server}} won",
        },
      ],
    },
    ofServer("Weight", "sluice_server_weight"),
    {
      title: "Connections",
      targets: [
        {
          expr: sum("sluice_server_connections", "backend, server", "backend"),
          legend: "{{backend}} {{server}} open",
        },
        {
          expr: sum("sluice_server_unused_connections", "backend, server", "backend"),
          legend: "{{backend}} {{server}} unused",
        },
        {
          expr: sum("sluice_server_tunnels", "backend, server", "backend"),
          legend: "{{backend}} {{server}} tunnels",
        },
      ],
    },
    {
      title: "New connections",
      description: "Many beside few requests: the server closes what could be used again.",
      unit: "cps",
      targets: [{
        expr: rate("sluice_server_opened_connections_total", "backend, server", "backend"),
        legend: "{{backend}} {{server}}",
      }],
    },
    {
      title: "Bytes of bodies",
      unit: "Bps",
      targets: [
        {
          expr: rate("sluice_server_sent_body_bytes_total", "backend, server", "backend"),
          legend: "to {{backend}} {{server}}",
        },
        {
          expr: rate("sluice_server_received_body_bytes_total", "backend, server", "backend"),
          legend: "from {{backend}} {{server}}",
        },
      ],
    },
  ],
};

const LIMITS: Row = {
  title: "Limits",
  panels: [
    {
      title: "Refused by rate limits",
      description: "And what dry runs would refuse.",
      unit: "reqps",
      targets: [{
        expr: rate("sluice_rate_limit_refused_total", "frontend, route, limit, result", "frontend"),
        legend: "{{frontend}} {{route}} {{limit}} {{result}}",
      }],
    },
    {
      title: "Keys of rate limits",
      description: "Where tables are full, new keys share buckets: raise max_keys.",
      targets: [
        {
          expr: sum("sluice_rate_limit_keys", "frontend, route, limit", "frontend"),
          legend: "{{frontend}} {{route}} {{limit}}",
        },
        {
          expr: rate("sluice_rate_limit_overflows_total", "frontend, route, limit", "frontend"),
          legend: "{{frontend}} {{route}} {{limit}} without a place",
        },
      ],
    },
    {
      title: "Stores of rate limits",
      description: "1 while the store answers; and requests that were decided without it.",
      targets: [
        {
          expr: `min by (frontend, route) (${series("sluice_rate_limit_store_up", "frontend")})`,
          legend: "{{frontend}} {{route}} up",
        },
        {
          expr: rate("sluice_rate_limit_store_failures_total", "frontend, route", "frontend"),
          legend: "{{frontend}} {{route}} without it",
        },
      ],
    },
    {
      title: "Counted by concurrency",
      targets: [
        {
          expr: sum("sluice_concurrency_requests", "frontend, route", "frontend"),
          legend: "{{frontend}} {{route}} under way",
        },
        {
          expr: sum("sluice_concurrency_waiting", "frontend, route", "frontend"),
          legend: "{{frontend}} {{route}} wait",
        },
        {
          expr: sum("sluice_concurrency_keys", "frontend, route", "frontend"),
          legend: "{{frontend}} {{route}} keys",
        },
      ],
    },
    {
      title: "Refused by concurrency",
      unit: "reqps",
      targets: [
        {
          expr: rate("sluice_concurrency_refused_total", "frontend, route, result", "frontend"),
          legend: "{{frontend}} {{route}} {{result}}",
        },
        {
          expr: rate("sluice_concurrency_overflows_total", "frontend, route", "frontend"),
          legend: "{{frontend}} {{route}} without a place",
        },
      ],
    },
  ],
};

const PROCESS: Row = {
  title: "Process",
  panels: [
    {
      title: "Processor",
      description: "1 is one core, and all that one process uses.",
      unit: "percentunit",
      targets: [{ expr: rate("sluice_cpu_seconds_total", "instance"), legend: "{{instance}}" }],
    },
    {
      title: "Memory",
      unit: "bytes",
      targets: [{ expr: sum("sluice_resident_memory_bytes", "instance"), legend: "{{instance}}" }],
    },
    {
      title: "Delay of the event loop",
      description: "For so long something else kept the process busy.",
      unit: "s",
      targets: [0.5, 0.99].map((q) => ({
        expr: quantile(q, "sluice_event_loop_delay_seconds", "instance"),
        legend: `{{instance}} p${q * 100}`,
      })),
    },
    {
      title: "Reloads",
      targets: [{
        expr: `sum by (result) (increase(${series("sluice_reloads_total")}[$__rate_interval]))`,
        legend: "{{result}}",
      }],
    },
    {
      title: "Age of the process and of its config",
      unit: "s",
      targets: [
        { expr: `time() - ${series("sluice_start_time_seconds")}`, legend: "{{instance}} process" },
        { expr: `time() - ${series("sluice_last_reload_timestamp_seconds")}`, legend: "{{instance}} config" },
      ],
    },
    {
      title: "Lines of the log that were lost",
      unit: "cps",
      targets: [{ expr: rate("sluice_log_lines_lost_total", "instance"), legend: "{{instance}}" }],
    },
    {
      title: "Spans of traces",
      unit: "cps",
      targets: [{ expr: rate("sluice_spans_total", "result"), legend: "{{result}}" }],
    },
    {
      title: "Spans that wait",
      targets: [{ expr: sum("sluice_spans_waiting", "instance"), legend: "{{instance}}" }],
    },
    {
      title: "Passwords shown",
      unit: "reqps",
      targets: [{
        expr: rate("sluice_relay_passwords_total", "frontend, result", "frontend"),
        legend: "{{frontend}} {{result}}",
      }],
    },
  ],
};

/** What stands in `sluice.json`: the dashboard that Grafana imports. */
export function dashboard(): Record<string, unknown> {
  const variable = (name: string, of: string) => ({
    name,
    type: "query",
    datasource: { type: "prometheus", uid: "${datasource}" },
    query: { query: `label_values(${of}, ${name})`, refId: name },
    refresh: 2,
    includeAll: true,
    multi: true,
    allValue: ".*",
    current: { selected: true, text: "All", value: "$__all" },
  });
  return {
    title: "Sluice",
    uid: "sluice",
    tags: ["sluice"],
    editable: true,
    graphTooltip: 1,
    refresh: "10s",
    schemaVersion: 38,
    time: { from: "now-1h", to: "now" },
    templating: {
      list: [
        { name: "datasource", type: "datasource", query: "prometheus", label: "Prometheus" },
        variable("job", "sluice_start_time_seconds"),
        variable("frontend", series("sluice_requests_in_flight")),
        variable("backend", series("sluice_backend_requests_in_flight")),
      ],
    },
    panels: layOut([OVERVIEW, CLIENTS, BACKENDS, SERVERS, LIMITS, PROCESS]),
  };
}
