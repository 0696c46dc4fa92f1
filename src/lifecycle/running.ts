import packageJson from "../../package.json" with { type: "json" };
import { createAdminApp, metricsAnswer } from "../admin/app.ts";
import { metricsPage } from "../admin/metrics.ts";
import type { Log } from "../base/log.ts";
import { formatDuration } from "../base/units.ts";
import type { AdminConfig } from "../config/admin.ts";
import type { Config } from "../config/schema.ts";
import { DownstreamServer } from "../downstream/server.ts";
import { runtimeVersion } from "../net/gaps.ts";
import { listen, type Listener } from "../net/listen.ts";
import { Listeners } from "./listeners.ts";
import { planReload, type ReloadPlan } from "./plan.ts";
import { adminOptions, FrontendService } from "./serve.ts";
import { createSnapshot, type Snapshot } from "./snapshot.ts";

/** Connections that the admin listener holds at a time. It is for few. */
const MAX_ADMIN_CONNECTIONS = 64;
/** Time that operators' connections get at a stop, in ms: their answers are short. */
const ADMIN_DRAIN_MS = 1000;

/** A proxy: what its config describes, and once it is started its listeners and connections. */
export class RunningProxy {
  readonly #log: Log;
  readonly #server: DownstreamServer;
  readonly #admin: DownstreamServer;
  readonly #listeners: Listeners;
  readonly #reloads = { done: 0, failed: 0, lastFailed: false };
  #services = new Map<string, FrontendService>();
  #adminListener: Listener | undefined;
  #snapshot: Snapshot;
  /** The reload that runs, and those behind it: one at a time. */
  #reloading: Promise<unknown> = Promise.resolve();
  #starting: Promise<void> = Promise.resolve();
  #stopped = false;

  /** Builds everything; opens nothing. */
  constructor(config: Config, log: Log) {
    this.#log = log;
    this.#snapshot = this.#createSnapshot(config);
    this.#server = new DownstreamServer({
      maxConnections: config.limits.maxConnections,
      onRefused: () => log.warn("connection_refused", { reason: "connection_limit" }),
    });
    this.#admin = new DownstreamServer({ maxConnections: MAX_ADMIN_CONNECTIONS, onRefused() {} });
    this.#listeners = new Listeners(this.#server, log);
  }

  /** What runs. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** The frontends' listeners; empty until `start`. */
  get listeners(): readonly Listener[] {
    return this.#listeners.all;
  }

  /** The admin listener, where the config has one. */
  get adminListener(): Listener | undefined {
    return this.#adminListener;
  }

  /** Open connections of clients. */
  get connections(): number {
    return this.#server.size;
  }

  /** Everything that is measured, in Prometheus' text format. */
  metricsPage(): string {
    return metricsPage({
      build: { version: packageJson.version, runtime: runtimeVersion() },
      frontends: new Map([...this.#services].map(([name, { metrics }]) => [name, metrics])),
      backends: () => this.#snapshot.backends.values(),
      connections: () => this.#server.size,
      reloads: this.#reloads,
    });
  }

  /** Binds every address of the config and serves. Rejects, with nothing left open, when one cannot be bound. */
  start(): Promise<void> {
    return this.#starting = this.#start();
  }

  async #start(): Promise<void> {
    const { config } = this.#snapshot;
    try {
      // The first round of probes comes before the first request; no probe takes longer than its timeout.
      await startBackends(this.#snapshot, undefined);
      if (this.#stopped) throw new Error("The proxy was stopped before it listened");
      if (config.admin !== undefined) await this.#startAdmin(config.admin);
      await this.#serve(this.#snapshot);
    } catch (error) {
      closeBackends(this.#snapshot, undefined);
      await this.#adminListener?.close();
      throw error;
    }
  }

  /**
   * Takes `config` over while everything runs: a request is answered by the old config or the new one, whole, and none
   * is lost. Backends that are the same keep connections, health and counts; addresses that are the same stay bound; new
   * ones are bound before old ones are closed. Rejects, with the old config running on, when one cannot be bound.
   */
  reload(config: Config): Promise<ReloadPlan> {
    const result = this.#reloading.then(() => this.#reload(config));
    this.#reloading = result.catch(() => {}); // whoever asked hears of it
    return result;
  }

  /** A new config could not be read: counts it, and says why. */
  refuseReload(cause: string): void {
    this.#reloads.failed++;
    this.#reloads.lastFailed = true;
    this.#log.warn("reload_refused", { cause });
  }

  /**
   * Drains: accepts nothing more, finishes what is under way, cuts what is left after the drain timeout.
   * Resolves with the number of connections that were cut.
   */
  async stop(): Promise<number> {
    this.#stopped = true;
    if (this.#listeners.all.length === 0) closeBackends(this.#snapshot, undefined); // ends a first round
    await this.#starting.catch(() => {}); // whoever started it hears of it
    await this.#reloading;
    const { drainTimeout } = this.#snapshot.config.shutdown;
    this.#log.info("drain", { connections: this.#server.size, timeout: formatDuration(drainTimeout) });
    const closed = Promise.all([this.#listeners.close(), this.#adminListener?.close()]);
    const cut = await this.#server.drain(drainTimeout);
    await this.#admin.drain(ADMIN_DRAIN_MS);
    closeBackends(this.#snapshot, undefined);
    if (cut > 0) this.#log.warn("drain_timeout", { cut, timeout: formatDuration(drainTimeout) });
    else await closed;
    this.#log.info("stopped", { cut });
    return cut;
  }

  async #reload(config: Config): Promise<ReloadPlan> {
    const before = this.#snapshot;
    const plan = planReload(before.config, config);
    if (this.#stopped) return plan;
    const next = this.#createSnapshot(config, before);
    try {
      await startBackends(next, before);
      await this.#serve(next);
    } catch (error) {
      closeBackends(next, before);
      this.refuseReload(error instanceof Error ? error.message : String(error));
      throw error;
    }
    this.#server.maxConnections = config.limits.maxConnections;
    closeBackends(before, next);
    this.#reloads.done++;
    this.#reloads.lastFailed = false;
    this.#log.info("reloaded", describe(plan));
    const touched = [...plan.added, ...plan.changed, ...plan.removed];
    for (
      const section of ["admin", "log", "reload_interval"].filter((name) => touched.includes(toKey(name)))
    ) {
      this.#log.warn("restart_needed", { section, cause: "it is read at the start only" });
    }
    return plan;
  }

  /** Opens what `next` needs, then swaps everything in one go. */
  async #serve(next: Snapshot): Promise<void> {
    const services = new Map<string, FrontendService>();
    const swaps: (() => void)[] = [];
    for (const frontend of next.frontends) {
      const { name } = frontend.config;
      const fresh = new FrontendService(frontend, next.config, this.#log);
      const old = this.#services.get(name);
      services.set(name, old ?? fresh);
      if (old !== undefined) swaps.push(() => old.swap(frontend, next.config));
    }
    const bind = await this.#listeners.prepare(next.frontends, (name) => services.get(name)!);
    for (const swap of swaps) swap();
    bind();
    for (const [name, service] of this.#services) {
      if (!services.has(name)) this.#server.release(service);
    }
    this.#services = services;
    this.#snapshot = next;
  }

  #createSnapshot(config: Config, before?: Snapshot): Snapshot {
    return createSnapshot(config, {
      metrics: () => metricsAnswer(this.metricsPage()),
      log: this.#log,
      before,
    });
  }

  async #startAdmin({ bind }: AdminConfig): Promise<void> {
    const app = createAdminApp({ metrics: () => this.metricsPage() });
    const options = adminOptions(app, this.#snapshot.config.limits);
    this.#adminListener = await listen(
      bind,
      (socket) => this.#admin.accept(socket, options, bind.kind === "unix"),
      (error) => this.#log.error("accept_failed", { frontend: "admin", cause: error.message }),
    );
    this.#log.info("listening", { frontend: "admin", address: this.#adminListener.address });
  }
}

/** Starts the backends of `snapshot` that are not those of `running`. */
async function startBackends(snapshot: Snapshot, running: Snapshot | undefined): Promise<void> {
  await Promise.all(onlyIn(snapshot, running).map((backend) => backend.start()));
}

function closeBackends(snapshot: Snapshot, running: Snapshot | undefined): void {
  for (const backend of onlyIn(snapshot, running)) backend.close();
}

function onlyIn({ backends }: Snapshot, other: Snapshot | undefined) {
  return [...backends].filter(([name, backend]) => other?.backends.get(name) !== backend).map(([, one]) =>
    one
  );
}

/** A key of the config file as the config has it. */
function toKey(name: string): string {
  return name.replace(/_(\w)/, (_, letter: string) => letter.toUpperCase());
}

function describe({ added, changed, removed, kept }: ReloadPlan) {
  const list = (names: readonly string[]) => names.length === 0 ? undefined : names.join(", ");
  return { added: list(added), changed: list(changed), removed: list(removed), kept: kept.length };
}
