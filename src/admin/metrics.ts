import process from "node:process";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import { Exposition } from "../observe/exposition.ts";
import type { FrontendMetrics } from "../observe/frontend-metrics.ts";

/** Read when somebody asks for the metrics, not while requests run. */
export interface MetricsSources {
  readonly build: { readonly version: string; readonly runtime: string };
  /** By name. */
  readonly frontends: ReadonlyMap<string, FrontendMetrics>;
  backends(): Iterable<Backend>;
  /** Open connections of clients. */
  connections(): number;
  /** Reloads so far, and whether the last one was taken over. */
  readonly reloads: { readonly done: number; readonly failed: number; readonly lastFailed: boolean };
}

/** Time in which a page is collected until everything else gets its turn, in ms. */
const SLICE_MS = 1;

/** Everything that is measured, in Prometheus' text format. */
export function metricsPage(sources: MetricsSources): string {
  const page = new Exposition();
  const steps = collect(page, sources);
  while (steps.next().done !== true);
  return page.toString();
}

/**
 * The same for those who ask from outside: thousands of servers take long, so others get their turn in between, and no
 * more than one page is made at a time, however many ask.
 */
export class MetricsPages {
  readonly #sources: () => MetricsSources;
  #running: Promise<string> | undefined;
  /** The page that begins after it, for all who have asked since. */
  #upcoming: Promise<string> | undefined;

  constructor(sources: () => MetricsSources) {
    this.#sources = sources;
  }

  /** A page that was begun after this call. */
  next(): Promise<string> {
    if (this.#running === undefined) return this.#begin();
    const begin = () => {
      this.#upcoming = undefined;
      return this.#begin();
    };
    return this.#upcoming ??= this.#running.then(begin, begin);
  }

  #begin(): Promise<string> {
    const running = collectInSlices(this.#sources());
    this.#running = running;
    const done = () => {
      if (this.#running === running) this.#running = undefined;
    };
    running.then(done, done);
    return running;
  }
}

async function collectInSlices(sources: MetricsSources): Promise<string> {
  const page = new Exposition();
  const steps = collect(page, sources);
  for (let until = performance.now() + SLICE_MS; steps.next().done !== true;) {
    if (performance.now() < until) continue;
    await new Promise((resolve) => setTimeout(resolve, 0)); // between two of setImmediate one runtime reads no socket
    until = performance.now() + SLICE_MS;
  }
  return page.toString();
}

/** Adds everything to `page`, in steps that take no time to speak of. */
function* collect(
  page: Exposition,
  { build, frontends, backends, connections, reloads }: MetricsSources,
): Generator<void, void, void> {
  page.add("sluice_build_info", { ...build }, 1);
  page.add("sluice_start_time_seconds", {}, performance.timeOrigin / 1000);
  page.add("sluice_resident_memory_bytes", {}, process.memoryUsage().rss);
  const { user, system } = process.cpuUsage();
  page.add("sluice_cpu_seconds_total", {}, (user + system) / 1e6);
  page.add("sluice_connections", {}, connections());
  page.add("sluice_reloads_total", { result: "done" }, reloads.done);
  page.add("sluice_reloads_total", { result: "failed" }, reloads.failed);
  page.add("sluice_last_reload_success", {}, reloads.lastFailed ? 0 : 1);
  for (const [name, metrics] of frontends) {
    metrics.collect(page, name);
    yield;
  }
  for (const backend of [...backends()]) {
    page.add("sluice_backend_requests_in_flight", { backend: backend.name }, backend.inFlight);
    page.add("sluice_backend_available_servers", { backend: backend.name }, backend.available.length);
    for (const server of [...backend.servers]) {
      collectServer(page, backend.name, server);
      yield;
    }
  }
}

function collectServer(page: Exposition, backend: string, server: Server): void {
  const labels = { backend, server: server.name };
  page.add("sluice_server_requests_in_flight", labels, server.inFlight);
  page.add("sluice_server_connections", labels, server.pool.size);
  page.add("sluice_server_weight", labels, server.weight);
  page.add("sluice_server_up", labels, server.health.up ? 1 : 0);
  page.add("sluice_server_ejected", labels, server.passive.isEjected(performance.now()) ? 1 : 0);
  page.add("sluice_server_ejections_total", labels, server.record.ejections);
  server.record.answers.forEach((count, hundreds) => {
    if (count === 0 && hundreds !== 2) return;
    page.add("sluice_server_responses_total", {
      ...labels,
      status: hundreds === 0 ? "_other" : `${hundreds}xx`,
    }, count);
  });
  for (const [reason, count] of server.failures) {
    page.add("sluice_server_failures_total", { ...labels, reason }, count);
  }
  page.addHistogram("sluice_server_response_seconds", labels, server.record.responseSeconds);
}
