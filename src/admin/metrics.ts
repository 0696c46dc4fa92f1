import process from "node:process";
import type { Server } from "../backend/server.ts";
import { atOnce, type Steps } from "../net/steps.ts";
import { Exposition } from "../observe/exposition.ts";
import { EXPOSITION_FORMATS, type ExpositionFormat } from "../observe/exposition-format.ts";
import type { Histogram } from "../observe/histogram.ts";
import { collectCompat, type CompatSources } from "./compat-metrics.ts";
import type { StageMetrics } from "../message/stage-metrics.ts";
import type { SpanExport } from "../observe/span-export.ts";
import { SharedPages } from "./shared-pages.ts";

/** Read when somebody asks for the metrics, not while requests run. */
export interface MetricsSources extends CompatSources {
  readonly build: { readonly version: string; readonly runtime: string };
  /** Whether predecessors' metrics are shown as well, under their names. */
  readonly compat: boolean;
  /** Open connections of clients, by where each stands. */
  connections(): Steps<ReadonlyMap<string, number>>;
  /** Lines of the log that were lost; undefined where the log is somebody else's. */
  readonly lostLines: number | undefined;
  /** How late timers come. */
  readonly loopDelay: Histogram;
  /** Of traces, to a collector. */
  readonly spans: Pick<SpanExport, "sent" | "lost" | "waiting">;
  /** Of what requests pass before they are answered. */
  readonly stages: Pick<StageMetrics, "samples">;
  /** What is kept of answers; undefined where nothing is. */
  readonly cache:
    | { readonly bytes: number; readonly objects: number; readonly evictions: number }
    | undefined;
  /** Reloads so far, and why the last one was refused, if it was. */
  readonly reloads: {
    readonly done: number;
    readonly failed: number;
    readonly last: { readonly cause: string | undefined } | undefined;
    /** When the config that runs was taken over, in ms since 1970. */
    readonly takenOverAt: number;
  };
}

/** Everything that is measured. */
export function metricsPage(sources: MetricsSources, format: ExpositionFormat): string {
  return new TextDecoder().decode(atOnce(writePage(sources, format)));
}

/** The same for those who ask from outside: each format has pages that are shared. */
export class MetricsPages {
  readonly #pages: ReadonlyMap<ExpositionFormat, SharedPages<Uint8Array<ArrayBuffer>>>;

  constructor(sources: () => MetricsSources) {
    this.#pages = new Map(
      EXPOSITION_FORMATS.map((format) => [format, new SharedPages(() => writePage(sources(), format))]),
    );
  }

  /** A page that was begun after this call, in UTF-8. */
  next(format: ExpositionFormat): Promise<Uint8Array<ArrayBuffer>> {
    return this.#pages.get(format)!.next();
  }
}

function* writePage(sources: MetricsSources, format: ExpositionFormat): Steps<Uint8Array<ArrayBuffer>> {
  const page = new Exposition(format);
  yield* collect(page, sources);
  return yield* page.write(sources.compat);
}

/** Adds everything to `page`, in steps that take no time to speak of. */
function* collect(
  page: Exposition,
  sources: MetricsSources,
): Steps<void> {
  const { build, frontends, backends, connections, loopDelay, lostLines, spans, stages, reloads, cache } =
    sources;
  page.add("sluice_build_info", { ...build }, 1);
  page.add("sluice_start_time_seconds", {}, performance.timeOrigin / 1000);
  page.add("sluice_resident_memory_bytes", {}, process.memoryUsage().rss);
  const { user, system } = process.cpuUsage();
  page.add("sluice_cpu_seconds_total", {}, (user + system) / 1e6);
  page.addHistogram("sluice_event_loop_delay_seconds", {}, loopDelay);
  if (lostLines !== undefined) page.add("sluice_log_lines_lost_total", {}, lostLines);
  let open = 0;
  for (const [state, count] of yield* connections()) {
    page.add("sluice_connections_by_state", { state }, count);
    open += count;
  }
  page.add("sluice_connections", {}, open);
  page.add("sluice_reloads_total", { result: "done" }, reloads.done);
  page.add("sluice_reloads_total", { result: "failed" }, reloads.failed);
  page.add("sluice_last_reload_success", {}, reloads.last?.cause === undefined ? 1 : 0);
  page.add("sluice_last_reload_timestamp_seconds", {}, reloads.takenOverAt / 1000);
  page.add("sluice_spans_total", { result: "sent" }, spans.sent);
  for (const [result, count] of spans.lost) page.add("sluice_spans_total", { result }, count);
  page.add("sluice_spans_waiting", {}, spans.waiting);
  for (const [name, metrics] of frontends) {
    metrics.collect(page, name);
    yield;
  }
  for (const { name, labels, value } of stages.samples()) {
    page.add(name, labels, value);
    yield;
  }
  if (cache !== undefined) {
    page.add("sluice_cache_bytes", {}, cache.bytes);
    page.add("sluice_cache_objects", {}, cache.objects);
    page.add("sluice_cache_evictions_total", {}, cache.evictions);
  }
  for (const backend of [...backends()]) {
    page.add("sluice_backend_requests_in_flight", { backend: backend.name }, backend.inFlight);
    page.add("sluice_backend_available_servers", { backend: backend.name }, backend.available.length);
    for (const server of [...backend.servers]) {
      collectServer(page, backend.name, server);
      yield;
    }
  }
  if (sources.compat) yield* collectCompat(page, sources, open);
}

function collectServer(page: Exposition, backend: string, server: Server): void {
  const labels = { backend, server: server.name };
  page.add("sluice_server_requests_in_flight", labels, server.inFlight);
  const { pool } = server;
  const record = server.record.total;
  page.add("sluice_server_connections", labels, pool.size);
  page.add("sluice_server_unused_connections", labels, pool.unused);
  page.add("sluice_server_opened_connections_total", labels, record.opened);
  page.add("sluice_server_queue_length", labels, pool.waiting);
  page.add("sluice_server_tunnels", labels, server.tunnels.size);
  page.add("sluice_server_weight", labels, server.weight);
  page.add("sluice_server_up", labels, server.health.up ? 1 : 0);
  page.add("sluice_server_ejected", labels, server.passive.isEjected(performance.now()) ? 1 : 0);
  page.add("sluice_server_ejections_total", labels, record.ejections);
  page.add("sluice_server_retries_total", labels, record.retried);
  page.add("sluice_server_hedges_total", labels, record.hedges);
  page.add("sluice_server_hedges_won_total", labels, record.hedgesWon);
  page.add("sluice_server_sent_body_bytes_total", labels, record.bytesIn);
  page.add("sluice_server_received_body_bytes_total", labels, record.bytesOut);
  page.add("sluice_server_probes_total", { ...labels, result: "passed" }, record.probesPassed);
  page.add(
    "sluice_server_probes_total",
    { ...labels, result: "failed" },
    record.probes - record.probesPassed,
  );
  record.answers.forEach((count, hundreds) => {
    if (count === 0 && hundreds !== 2) return;
    page.add("sluice_server_responses_total", {
      ...labels,
      status: hundreds === 0 ? "_other" : `${hundreds}xx`,
    }, count);
  });
  for (const [reason, count] of record.failures) {
    page.add("sluice_server_failures_total", { ...labels, reason }, count);
  }
  page.addHistogram("sluice_server_response_seconds", labels, record.responseSeconds);
}
