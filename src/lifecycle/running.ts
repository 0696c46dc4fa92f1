import packageJson from "../../package.json" with { type: "json" };
import { metricsAnswer, readyAnswer, valueAnswer } from "../admin/answers.ts";
import { createAdminApp } from "../admin/app.ts";
import { Guard } from "../admin/guard.ts";
import { healthOf, servesCritical } from "../admin/health.ts";
import type { AdminRoute } from "../admin/route.ts";
import { adminRoutes, openPages } from "../admin/routes.ts";
import type { ProxyStatus } from "../admin/status.ts";
import { LevelWish } from "../admin/log-level.ts";
import type { ConfigReloader } from "../admin/reload.ts";
import type { LeveledLog, Log } from "../base/log.ts";
import { formatDuration } from "../base/units.ts";
import type { Config } from "../config/schema.ts";
import { Clients } from "../downstream/clients.ts";
import type { Reception } from "../downstream/reception.ts";
import type { Listener } from "../net/listen.ts";
import { TEXT_FORMAT } from "../observe/exposition-format.ts";
import { RememberedRequests } from "../observe/remembered-requests.ts";
import { RecentErrors } from "../observe/recent-errors.ts";
import { LAST_SPANS_MS, SpanExport } from "../observe/span-export.ts";
import { AdminListener } from "./admin-listener.ts";
import { type DryRun, dryRun } from "./dry-run.ts";
import { warnOfFiles } from "./file-warning.ts";
import { warnOfOpenRelays } from "./open-relay.ts";
import { Listeners } from "./listeners.ts";
import { Observed } from "./observed.ts";
import { STRAIGHT } from "./origin-pattern.ts";
import { planReload, type ReloadPlan } from "./reload-plan.ts";
import { adminReception, FrontendReception } from "./serve.ts";
import { buildSnapshot, type Snapshot } from "./snapshot.ts";
import { atOnce, inTurns, type Steps } from "../net/steps.ts";

/** Time that a reload waits for first results of probes, and for names, in ms: none of them can hold it up. */
const RELOAD_MS = 500;

/** A proxy: what its config describes, and once it is started its listeners and connections. */
export class RunningProxy {
  readonly #log: Log;
  readonly #clients: Clients;
  readonly #adminRoutes: readonly AdminRoute[];
  readonly #admin: AdminListener;
  readonly #listeners: Listeners;
  readonly #observed: Observed;
  readonly #errors = new RecentErrors();
  #remembered: RememberedRequests | undefined;
  readonly #levelWish: LevelWish;
  #receptions = new Map<string, FrontendReception>();
  #snapshot: Snapshot;
  /** The reload that runs, and those after it: one at a time. */
  #reloading: Promise<unknown> = Promise.resolve();
  /** The dry run under way, and those that wait for it. */
  #trying: Promise<unknown> = Promise.resolve();
  #starting: Promise<void> = Promise.resolve();
  /** The newest config of those that wait for the reload that runs, and what all that wait get. */
  #next: { config: Config; done: Promise<ReloadPlan> } | undefined;
  /** What a reload that runs has built and not taken over yet. */
  #upcoming: Snapshot | undefined;
  /** Ends the wait of the reload that runs: a newer config is there. */
  #hurry = () => {};
  #started = false;
  #stopped = false;

  /** Sends what is recorded of requests to a collector, where a config asks for that. */
  readonly spans: SpanExport;
  /** Who reads its config when an operator wants that; undefined where nobody does. */
  reloader: ConfigReloader | undefined;

  /** Builds everything; opens nothing. The level of a log that has one may be changed by operators. */
  constructor(config: Config, log: Log | LeveledLog) {
    this.#log = log;
    this.spans = new SpanExport(log);
    this.#levelWish = new LevelWish("override" in log ? log : undefined);
    this.#snapshot = atOnce(this.#buildSnapshot(config));
    this.#clients = new Clients({ ...config.limits, graceMs: config.shutdown.grace });
    const observed = this.#observed = new Observed(this);
    this.#adminRoutes = adminRoutes({
      explained: () => this.#snapshot,
      version: packageJson.version,
      metrics: (format) => observed.nextMetricsPage(format),
      ready: () => this.ready,
      status: () => observed.statusPage(),
      history: () => observed.historyPage(),
      events: () => observed.openEvents(),
      backends: () => this.#snapshot.backends,
      cache: () => this.#snapshot.cache,
      cacheStatus: () => observed.cacheStatus(),
      health: () => this.#health(),
      errors: () => this.#errors.list(),
      reloader: () => this.reloader,
      levelWish: this.#levelWish,
    });
    this.#admin = new AdminListener(this.#receiveOperators(config), log);
    this.#listeners = new Listeners(this.#clients, log);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** How the connections of each frontend are served, by its name. */
  get receptions(): ReadonlyMap<string, FrontendReception> {
    return this.#receptions;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * From the moment the listeners are bound until `stop`, while no critical backend is without a server: what the ready path
   * tells.
   */
  get ready(): boolean {
    return this.#listeners.all.length > 0 && !this.#stopped &&
      servesCritical(this.#snapshot.backends.values());
  }

  /** The frontends' listeners; empty until `start`. */
  get listeners(): readonly Listener[] {
    return this.#listeners.all;
  }

  /** The admin listener, where the config has one. */
  get adminListener(): Listener | undefined {
    return this.#admin.listener;
  }

  /** Open connections of clients. */
  get connections(): number {
    return this.#clients.size;
  }

  /** Lines of its log that could not be written; undefined where the log is somebody else's. */
  get lostLines(): number | undefined {
    return "lost" in this.#log ? (this.#log as LeveledLog).lost : undefined;
  }

  /** How many connections of clients stand in each phase. */
  countPhases(): Steps<ReadonlyMap<string, number>> {
    return this.#clients.countPhases();
  }

  /** What is known of listeners, backends and servers at this moment. */
  status(): ProxyStatus {
    return this.#observed.status();
  }

  /** Everything that is measured, in Prometheus' text format unless another is asked for. */
  metricsPage(format = TEXT_FORMAT): string {
    return this.#observed.metricsPage(format);
  }

  /** Binds every address of the config and serves. Rejects, with nothing left open, when one cannot be bound. */
  start(): Promise<void> {
    if (this.#started) return Promise.reject(new Error("The proxy was started already"));
    this.#started = true;
    return this.#starting = this.#start();
  }

  async #start(): Promise<void> {
    try {
      // The first round of probes comes before the first request; no probe takes longer than its timeout.
      await startBackends(this.#snapshot, undefined);
      if (this.#stopped) throw new Error("The proxy was stopped before it listened");
      await this.#serve(this.#snapshot);
      this.#observed.start();
    } catch (error) {
      closeSnapshot(this.#snapshot, undefined);
      throw error;
    }
  }

  /**
   * Takes `config` over while everything runs: a request is answered by the old config or the new one, whole, and none
   * is lost. Backends that are the same keep connections, health and counts; addresses that are the same stay bound; new
   * ones are bound before old ones are closed. Rejects, with the old config running on, when one cannot be bound, and
   * where the proxy could not start.
   *
   * One reload runs at a time. Of several configs that wait only the newest is taken over; whoever brought the others
   * gets its result.
   */
  reload(config: Config): Promise<ReloadPlan> {
    this.#hurry();
    if (this.#next !== undefined) {
      this.#next.config = config;
      return this.#next.done;
    }
    const started = this.#starting;
    const done = this.#reloading.then(() => started).then(() => {
      const { config } = this.#next!;
      this.#next = undefined;
      return this.#reload(config);
    });
    this.#next = { config, done };
    this.#reloading = done.catch(() => {}); // whoever asked hears of it
    return done;
  }

  /** What a reload to `config` would do; it changes nothing. One after the other, so that many take no more of the time. */
  dryRun(config: Config): Promise<DryRun> {
    const done = this.#trying.then(() => dryRun(this.#snapshot, config, this.#remembered));
    this.#trying = done.then(() => {}, () => {}); // whoever asked hears of it, and keeps what it says
    return done;
  }

  /** A new config could not be read: counts it, and says why. */
  refuseReload(cause: string): void {
    this.#observed.onReload(cause);
    this.#log.warn("reload_refused", { cause });
  }

  /**
   * Goes on for `shutdown.delay` while it says that it is not ready, then drains: accepts nothing more, finishes what is
   * under way, cuts what is left after the drain timeout. Resolves with the number of connections that were cut.
   */
  async stop(): Promise<number> {
    this.#stopped = true;
    this.#levelWish.stop();
    // Ends first rounds of probes, which a start or a reload waits for.
    if (this.#listeners.all.length === 0) closeSnapshot(this.#snapshot, undefined);
    if (this.#upcoming !== undefined) closeSnapshot(this.#upcoming, this.#snapshot);
    await this.#starting.catch(() => {}); // whoever started it hears of it
    await this.#reloading;
    const { delay, drainTimeout } = this.#snapshot.config.shutdown;
    if (delay > 0 && this.#listeners.all.length > 0) {
      this.#log.info("not_ready", { delay: formatDuration(delay) });
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
    this.#log.info("drain", { connections: this.#clients.size, timeout: formatDuration(drainTimeout) });
    const closed = this.#listeners.close();
    const cut = await this.#clients.drain(drainTimeout);
    this.#observed.stop();
    const adminClosed = this.#admin.close(); // only now: until the end it tells that the proxy is not ready
    await Promise.all([this.#admin.drain(), this.spans.close(LAST_SPANS_MS)]);
    for (const { tally } of this.#receptions.values()) tally.close();
    closeSnapshot(this.#snapshot, undefined);
    if (cut > 0) this.#log.warn("drain_timeout", { cut, timeout: formatDuration(drainTimeout) });
    else await Promise.all([closed, adminClosed]);
    this.#log.info("stopped", { cut });
    return cut;
  }

  async #reload(config: Config): Promise<ReloadPlan> {
    const before = this.#snapshot;
    const plan = planReload(before.config, config);
    if (this.#stopped) return plan;
    const next = this.#upcoming = await inTurns(this.#buildSnapshot(config, before));
    try {
      await this.#atMost(RELOAD_MS, startBackends(next, before));
      for (const backend of onlyIn(next, before)) backend.settle();
      if (this.#stopped) throw new Error("The proxy was stopped");
      await this.#serve(next);
    } catch (error) {
      closeSnapshot(next, before);
      this.refuseReload(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      this.#upcoming = undefined;
    }
    this.#clients.limitConnections(config.limits);
    this.#clients.graceMs = config.shutdown.grace;
    closeSnapshot(before, next);
    this.#observed.onReload();
    this.#log.info("reloaded", describe(plan));
    return plan;
  }

  /** Waits for `task`, but for no longer than `ms`, and not while a newer config waits. */
  async #atMost(ms: number, task: Promise<void>): Promise<void> {
    let timer;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      this.#hurry = resolve;
    });
    try {
      await Promise.race([task, enough]);
    } finally {
      clearTimeout(timer);
      this.#hurry = () => {};
    }
  }

  /** Opens what `next` needs, then swaps everything in one go. */
  async #serve(next: Snapshot): Promise<void> {
    const receptions = new Map<string, FrontendReception>();
    const errors = next.config.admin && this.#errors; // nobody else asks for them
    const { spans } = this;
    const remembered = this.#rememberBy(next.config);
    for (const frontend of next.frontends) {
      const { name } = frontend.config;
      const tally = this.#receptions.get(name)?.tally;
      const earlier = this.#observed.earlier(name);
      const parts = { log: this.#log, tally, earlier, errors, remembered, spans };
      receptions.set(name, new FrontendReception(frontend, next.config, parts));
    }
    const admin = await this.#admin.prepare(next.config.admin);
    let bind;
    try {
      bind = await this.#listeners.prepare(next.frontends, (name) => receptions.get(name)!);
    } catch (error) {
      await admin.undo();
      throw error;
    }
    bind();
    const { listener } = this.#admin;
    admin.commit();
    if (this.#admin.listener !== listener) this.#observed.endEvents();
    this.#admin.serveBy(this.#receiveOperators(next.config));
    warnOfFiles(next.config.limits, this.#log);
    warnOfOpenRelays(next.config.frontends, this.#log);
    const names = new Set([...next.backends.keys(), STRAIGHT]);
    for (const { tally } of receptions.values()) tally.metrics.keepOnly(names);
    for (const [name, reception] of this.#receptions) {
      if (receptions.has(name)) continue;
      this.#observed.onGone(reception);
      reception.tally.close();
    }
    this.#receptions = receptions;
    this.spans.use(next.config.tracing);
    this.#remembered = remembered;
    this.#snapshot = next;
  }

  /** Who remembers requests by `config`: the same as before, unless it is to be another number of them. */
  #rememberBy({ admin }: Config): RememberedRequests | undefined {
    const size = admin?.rememberRequests ?? 0;
    if (size === (this.#remembered?.size ?? 0)) return this.#remembered;
    return size === 0 ? undefined : new RememberedRequests(size, this.#remembered);
  }

  #health() {
    return healthOf(this.#snapshot.backends.values());
  }

  /** How operators are served by `config`. */
  #receiveOperators({ admin, limits }: Config): Reception {
    const { bind, token, allowedHosts = [], pagesOnly = false } = admin ?? {};
    const guard = new Guard({ token, host: bind?.kind === "tcp" ? bind.host : undefined, allowedHosts });
    const routes = pagesOnly ? openPages(this.#adminRoutes) : this.#adminRoutes;
    return adminReception(createAdminApp(routes, { guard, log: this.#log }), limits);
  }

  #buildSnapshot(config: Config, before?: Snapshot): Steps<Snapshot> {
    return buildSnapshot(config, {
      metrics: (accept) => metricsAnswer(accept, (format) => this.#observed.nextMetricsPage(format)),
      ready: () => readyAnswer(this.ready),
      health: () => valueAnswer(this.#health()),
      log: this.#log,
      before,
    });
  }
}

/** Starts the backends of `snapshot` that are not those of `running`, and what its stages keep. */
async function startBackends(snapshot: Snapshot, running: Snapshot | undefined): Promise<void> {
  snapshot.kept.start();
  await Promise.all(onlyIn(snapshot, running).map((backend) => backend.start()));
}

/** Closes what `snapshot` holds open and `running` does not. */
function closeSnapshot(snapshot: Snapshot, running: Snapshot | undefined): void {
  for (const frontend of snapshot.frontends) frontend.close?.();
  snapshot.kept.close(running?.kept);
  for (const backend of onlyIn(snapshot, running)) backend.close(running?.backends.get(backend.name));
}

function onlyIn({ backends }: Snapshot, other: Snapshot | undefined) {
  return [...backends].filter(([name, backend]) => other?.backends.get(name) !== backend).map(([, one]) =>
    one
  );
}

function describe({ added, changed, removed, kept }: ReloadPlan) {
  const list = (names: readonly string[]) => names.length === 0 ? undefined : names.join(", ");
  return { added: list(added), changed: list(changed), removed: list(removed), kept: kept.length };
}
