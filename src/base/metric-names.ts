/** Kind of a metric, as the text format names it. */
export type MetricType = "counter" | "gauge" | "histogram";

/** Every metric: its type and what it says. Labels hold names from the config and words from closed lists only. */
export const METRICS = {
  sluice_build_info: { type: "gauge", help: "Always 1; the labels say what runs." },
  sluice_start_time_seconds: { type: "gauge", help: "When the process started, in seconds since 1970." },
  sluice_resident_memory_bytes: { type: "gauge", help: "Memory of the process." },
  sluice_cpu_seconds_total: { type: "counter", help: "User and system time of the process." },
  sluice_event_loop_delay_seconds: {
    type: "histogram",
    help: "How late a timer of 100 ms comes: as long as that, something else kept the process busy.",
  },
  sluice_log_lines_lost_total: {
    type: "counter",
    help: "Lines of the log that could not be written: the disk was full, or the reader too slow.",
  },
  sluice_connections: { type: "gauge", help: "Open connections of clients." },
  sluice_connections_by_state: {
    type: "gauge",
    help: "Open connections of clients by where they stand; idle ones wait for a request.",
  },
  sluice_accepted_connections_total: { type: "counter", help: "Clients that have connected." },
  sluice_refused_connections_total: {
    type: "counter",
    help: "Clients that were turned away: as many were connected as may be, or no file was left.",
  },
  sluice_relay_passwords_total: {
    type: "counter",
    help: "Passwords shown to a relay or to auth, by result; remembered and repeated ones took no check.",
  },
  sluice_reloads_total: { type: "counter", help: "Configs that were taken over while running, or refused." },
  sluice_last_reload_success: { type: "gauge", help: "0 where the last new config was refused, else 1." },
  sluice_last_reload_timestamp_seconds: {
    type: "gauge",
    help: "When the config that runs was taken over, in seconds since 1970.",
  },
  sluice_spans_total: {
    type: "counter",
    help: "Spans of traces that the collector has taken (sent), or that were dropped, by why.",
  },
  sluice_spans_waiting: { type: "gauge", help: "Spans of traces that wait to be sent." },
  sluice_requests_total: {
    type: "counter",
    help: "Finished requests, failed ones included; backend is empty where none was chosen.",
  },
  sluice_requests_by_version_total: {
    type: "counter",
    help: "Finished requests by the version of HTTP that clients spoke.",
  },
  sluice_request_duration_seconds: {
    type: "histogram",
    help: "From the end of a request's head to the last byte of its answer; a tunnel's whole life.",
  },
  sluice_requests_in_flight: { type: "gauge", help: "Requests of a frontend that are under way." },
  sluice_request_failures_total: {
    type: "counter",
    help: "Requests that the proxy did not carry through, by reason.",
  },
  sluice_cache_requests_total: {
    type: "counter",
    help: "Requests that came by a cache, by what it did for them.",
  },
  sluice_cache_bytes: { type: "gauge", help: "Answers that are kept, with their heads." },
  sluice_cache_objects: { type: "gauge", help: "Answers that are kept." },
  sluice_cache_evictions_total: { type: "counter", help: "Kept answers that went to make room for others." },
  sluice_retries_total: { type: "counter", help: "Attempts beyond the first of a request." },
  sluice_queue_seconds: {
    type: "histogram",
    help:
      "Time that requests waited for a connection of a full server; those that did not wait do not count.",
  },
  sluice_tunnels: { type: "gauge", help: "Open tunnels, WebSockets among them." },
  sluice_opened_tunnels_total: { type: "counter", help: "Tunnels that were opened, WebSockets among them." },
  sluice_received_body_bytes_total: {
    type: "counter",
    help: "Bytes of request bodies, and from clients through tunnels, open ones included.",
  },
  sluice_sent_body_bytes_total: {
    type: "counter",
    help: "Bytes of answer bodies, and to clients through tunnels, open ones included.",
  },
  sluice_circuit_breaker_state: {
    type: "gauge",
    help: "0 while a circuit breaker lets everything through, 2 while nothing, 1 while it tries.",
  },
  sluice_circuit_breaker_opened_total: { type: "counter", help: "Times that a circuit breaker opened." },
  sluice_backend_requests_in_flight: {
    type: "gauge",
    help: "Requests under way on all servers of a backend.",
  },
  sluice_server_retries_total: {
    type: "counter",
    help: "Requests that went on from a server to another.",
  },
  sluice_server_hedges_total: {
    type: "counter",
    help: "Second attempts that a server got, as another one was slow.",
  },
  sluice_server_hedges_won_total: {
    type: "counter",
    help: "Those of them whose answer came first.",
  },
  sluice_server_responses_total: { type: "counter", help: "Answers of a server by class of status." },
  sluice_server_failures_total: {
    type: "counter",
    help: "Attempts that failed on a server's side, by reason.",
  },
  sluice_server_response_seconds: {
    type: "histogram",
    help: "From sending a request to the head of the answer.",
  },
  sluice_server_requests_in_flight: { type: "gauge", help: "Requests under way on a server." },
  sluice_server_connections: { type: "gauge", help: "Open connections to a server, unused ones included." },
  sluice_server_unused_connections: {
    type: "gauge",
    help: "Open connections to a server that wait for a request.",
  },
  sluice_server_opened_connections_total: {
    type: "counter",
    help: "Connections to a server that were opened.",
  },
  sluice_server_queue_length: {
    type: "gauge",
    help: "Requests that wait for a connection of a full server.",
  },
  sluice_server_tunnels: { type: "gauge", help: "Open tunnels to a server, WebSockets among them." },
  sluice_server_sent_body_bytes_total: {
    type: "counter",
    help: "Bytes of the bodies of requests that ended at a server.",
  },
  sluice_server_received_body_bytes_total: {
    type: "counter",
    help: "Bytes of the bodies of a server's answers.",
  },
  sluice_server_probes_total: { type: "counter", help: "Probes of a server by result." },
  sluice_backend_available_servers: { type: "gauge", help: "Servers of a backend that get requests." },
  sluice_server_up: { type: "gauge", help: "1 while the probes of a server pass, and where there are none." },
  sluice_server_ejected: { type: "gauge", help: "1 while failing requests keep a server out." },
  sluice_server_ejections_total: { type: "counter", help: "Times that failing requests took a server out." },
  sluice_server_weight: { type: "gauge", help: "Share of the requests in relation to the other servers." },
  sluice_rate_limit_refused_total: {
    type: "counter",
    help: "Requests that a rate limit refused, or would refuse if it were no dry run.",
  },
  sluice_rate_limit_keys: { type: "gauge", help: "Keys that have a bucket of a rate limit in memory." },
  sluice_rate_limit_overflows_total: {
    type: "counter",
    help: "Requests whose key shared a bucket, as the table of a rate limit was full.",
  },
  sluice_rate_limit_store_up: {
    type: "gauge",
    help: "1 while the store of a rate limit answers; 0 also before it was asked.",
  },
  sluice_rate_limit_store_failures_total: {
    type: "counter",
    help: "Requests that were decided without the store of a rate limit.",
  },
  sluice_concurrency_requests: { type: "gauge", help: "Requests under way that concurrency counts." },
  sluice_concurrency_waiting: { type: "gauge", help: "Requests that wait for others of their key to end." },
  sluice_concurrency_keys: { type: "gauge", help: "Keys of which concurrency counts some requests." },
  sluice_concurrency_refused_total: {
    type: "counter",
    help:
      "Requests that concurrency refused: as many were under way as may be (full), or it waited too long (late).",
  },
  sluice_concurrency_overflows_total: {
    type: "counter",
    help: "Requests that were counted together, as concurrency had as many keys as it may.",
  },
} as const satisfies Record<string, { type: MetricType; help: string }>;

export type MetricName = keyof typeof METRICS;
