import packageJson from "../../package.json" with { type: "json" };
import { type CacheStatus, statusOfCache } from "../admin/cache-status.ts";
import { StateEvents } from "../admin/events.ts";
import { historyPage, stepPage } from "../admin/history-page.ts";
import { metricsPage, MetricsPages, type MetricsSources } from "../admin/metrics.ts";
import { SharedPages } from "../admin/shared-pages.ts";
import { type ProxyStatus, statusOfProxy, type StatusSources } from "../admin/status.ts";
import { collectStatusPage } from "../admin/status-page.ts";
import { type TrafficSources, watchedOf } from "../admin/watched.ts";
import type { Listener } from "../net/listen.ts";
import { runtimeVersion } from "../net/gaps.ts";
import type { ExpositionFormat } from "../observe/exposition-format.ts";
import type { FrontendMetrics } from "../observe/frontend-metrics.ts";
import type { Steps } from "../net/steps.ts";
import { History } from "../observe/history.ts";
import { LoopDelay } from "../observe/loop-delay.ts";
import type { SpanExport } from "../observe/span-export.ts";
import { Traffic } from "../observe/traffic.ts";
import { STRAIGHT } from "./origin-pattern.ts";
import type { FrontendReception } from "./serve.ts";
import type { Snapshot } from "./snapshot.ts";

const BUILD = { version: packageJson.version, runtime: runtimeVersion() };

/** Frontends that are gone, of which is kept what was counted. */
const MAX_GONE = 100;

/** A proxy that runs, as far as there is something to see of it. Read when somebody asks. */
export interface Observable {
  readonly snapshot: Snapshot;
  readonly receptions: ReadonlyMap<string, FrontendReception>;
  readonly listeners: readonly Listener[];
  readonly connections: number;
  /** How many of them stand in each phase. */
  countPhases(): Steps<ReadonlyMap<string, number>>;
  readonly ready: boolean;
  readonly spans: SpanExport;
  /** Lines of its log that could not be written; undefined where the log is somebody else's. */
  readonly lostLines: number | undefined;
}

/** What operators see of a proxy: its state, its metrics, and what happened of late. */
export class Observed {
  readonly #proxy: Observable;
  readonly #history = new History(() => watchedOf(this.#traffic()));
  readonly #loopDelay = new LoopDelay();
  readonly #metricsPages = new MetricsPages(() => this.#measured());
  readonly #statusPages = new SharedPages(() => collectStatusPage(this.#sources()));
  readonly #events = new StateEvents({
    state: () => this.#statusPages.next(),
    step: () => ({ number: this.#history.step, text: () => stepPage(this.#history) }),
  });
  readonly #reloads: {
    done: number;
    failed: number;
    last: { readonly at: number; readonly cause: string | undefined } | undefined;
    takenOverAt: number;
  } = { done: 0, failed: 0, last: undefined, takenOverAt: Date.now() };
  /** The traffic of frontends that are gone. */
  readonly #gone = new Traffic();
  /** What of it a relay led straight to its targets. */
  #goneStraight = 0;
  /** What was counted of them by name, those that went last at the end. */
  readonly #earlier = new Map<string, FrontendMetrics>();

  constructor(proxy: Observable) {
    this.#proxy = proxy;
  }

  /** Begins to keep a history, until `stop`. */
  start(): void {
    this.#history.start();
    this.#loopDelay.start();
  }

  stop(): void {
    this.#history.stop();
    this.#loopDelay.stop();
    this.#events.end();
  }

  /** A stream of events for one more; undefined where as many listen as may. */
  openEvents(): ReadableStream<Uint8Array> | undefined {
    return this.#events.open();
  }

  /** Ends the streams of events: the listener that they came in at is gone. */
  endEvents(): void {
    this.#events.end();
  }

  /** A config was taken over, or refused for `cause`. */
  onReload(cause?: string): void {
    const at = Date.now();
    if (cause === undefined) {
      this.#reloads.done++;
      this.#reloads.takenOverAt = at;
    } else this.#reloads.failed++;
    this.#reloads.last = { at, cause };
  }

  /** A reload took a frontend away: its traffic still counts in the sum of all, and its counters go on if it comes back. */
  onGone({ config: { name }, tally: { metrics } }: FrontendReception): void {
    for (const traffic of metrics.traffic) this.#gone.add(traffic);
    this.#goneStraight += metrics.trafficTo(STRAIGHT)?.requests ?? 0;
    this.#earlier.delete(name);
    this.#earlier.set(name, metrics);
    if (this.#earlier.size > MAX_GONE) this.#earlier.delete(this.#earlier.keys().next().value!);
  }

  /** What was counted of the frontend called `name` before it went. */
  earlier(name: string): FrontendMetrics | undefined {
    return this.#earlier.get(name);
  }

  status(): ProxyStatus {
    return statusOfProxy(this.#sources());
  }

  /** The JSON of `/status`. */
  statusPage(): Promise<string> {
    return this.#statusPages.next();
  }

  /** The JSON of `/history`. */
  historyPage(): string {
    return historyPage(this.#history);
  }

  /** Everything that is measured, at once. */
  metricsPage(format: ExpositionFormat): string {
    return metricsPage(this.#measured(), format);
  }

  /** The same for those who ask from outside. */
  nextMetricsPage(format: ExpositionFormat): Promise<Uint8Array<ArrayBuffer>> {
    return this.#metricsPages.next(format);
  }

  #sources(): StatusSources {
    const { ready, listeners, snapshot } = this.#proxy;
    return {
      ...this.#traffic(),
      build: BUILD,
      history: this.#history,
      ready,
      listeners: listeners.map(({ address }) => address),
      cacheStatus: () => this.cacheStatus(),
      straightRequests: () => this.#straightRequests(),
      probes: snapshot.probes,
      connections: () => this.#proxy.connections,
      reloads: this.#reloads,
    };
  }

  /** What is kept of answers; undefined where none are. */
  cacheStatus(): CacheStatus | undefined {
    const { cache, stageMetrics } = this.#proxy.snapshot;
    return statusOfCache(cache, stageMetrics);
  }

  #traffic(): TrafficSources {
    const { snapshot, receptions } = this.#proxy;
    const routes = new Map(snapshot.frontends.map((frontend) => [frontend.config.name, frontend.routes]));
    return {
      frontends: [...receptions].map(([name, { config, tally }]) => ({
        name,
        mode: config.mode,
        bind: config.bind.map(({ text }) => text),
        metrics: tally.metrics,
        routes: routes.get(name),
      })),
      backends: () => this.#proxy.snapshot.backends.values(),
      gone: this.#gone,
    };
  }

  #straightRequests(): number {
    const counts = [...this.#proxy.receptions.values()].map(({ tally }) =>
      tally.metrics.trafficTo(STRAIGHT)?.requests ?? 0
    );
    return counts.reduce((sum, count) => sum + count, this.#goneStraight);
  }

  #measured(): MetricsSources {
    const { receptions, snapshot } = this.#proxy;
    return {
      build: BUILD,
      frontends: new Map([...receptions].map(([name, { tally }]) => [name, tally.metrics])),
      backends: () => snapshot.backends.values(),
      compat: snapshot.config.metrics.compat,
      gone: this.#gone,
      straightRequests: () => this.#straightRequests(),
      probes: snapshot.probes,
      connections: () => this.#proxy.countPhases(),
      loopDelay: this.#loopDelay.seconds,
      spans: this.#proxy.spans,
      stages: snapshot.stageMetrics,
      cache: snapshot.cache,
      lostLines: this.#proxy.lostLines,
      reloads: this.#reloads,
    };
  }
}
