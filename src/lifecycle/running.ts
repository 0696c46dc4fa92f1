import packageJson from "../../package.json" with { type: "json" };
import { createAdminApp, metricsAnswer } from "../admin/app.ts";
import { metricsPage } from "../admin/metrics.ts";
import type { Log } from "../base/log.ts";
import { formatDuration } from "../base/units.ts";
import type { AdminConfig } from "../config/admin.ts";
import type { Config } from "../config/schema.ts";
import { DownstreamServer } from "../downstream/server.ts";
import { runtimeVersion } from "../net/gaps.ts";
import { distinctAddresses, listen, type ListenAddress, type Listener } from "../net/listen.ts";
import { FrontendMetrics } from "../observe/frontend-metrics.ts";
import { adminOptions, frontendOptions } from "./serve.ts";
import { createSnapshot, type Snapshot } from "./snapshot.ts";

/** Connections that the admin listener holds at a time. It is for few. */
const MAX_ADMIN_CONNECTIONS = 64;
/** Time that operators' connections get at a stop, in ms: their answers are short. */
const ADMIN_DRAIN_MS = 1000;

/** A proxy: what its config describes, and once it is started its listeners and connections. */
export class RunningProxy {
  readonly snapshot: Snapshot;
  readonly #log: Log;
  readonly #server: DownstreamServer;
  readonly #admin: DownstreamServer;
  readonly #metrics = new Map<string, FrontendMetrics>();
  #listeners: Listener[] = [];
  #adminListener: Listener | undefined;

  /** Builds everything; opens nothing. */
  constructor(config: Config, log: Log) {
    this.#log = log;
    this.snapshot = createSnapshot(config, { metrics: () => metricsAnswer(this.metricsPage()), log });
    this.#server = new DownstreamServer({
      maxConnections: config.limits.maxConnections,
      onRefused: () => log.warn("connection_refused", { reason: "connection_limit" }),
    });
    this.#admin = new DownstreamServer({ maxConnections: MAX_ADMIN_CONNECTIONS, onRefused() {} });
  }

  /** The frontends' listeners, in the order of the config; empty until `start`. */
  get listeners(): readonly Listener[] {
    return this.#listeners;
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
      frontends: this.#metrics,
      backends: () => this.snapshot.backends.values(),
      connections: () => this.#server.size,
    });
  }

  /** Binds every address of the config and serves. Rejects, with nothing left open, when one cannot be bound. */
  async start(): Promise<void> {
    const { config, frontends } = this.snapshot;
    try {
      // The first round of probes comes before the first request; no probe takes longer than its timeout.
      await Promise.all([...this.snapshot.backends.values()].map((backend) => backend.start()));
      if (config.admin !== undefined) await this.#startAdmin(config.admin);
      for (const frontend of frontends) {
        const { name, bind } = frontend.config;
        const metrics = new FrontendMetrics();
        this.#metrics.set(name, metrics);
        const options = frontendOptions(frontend, { config, metrics, log: this.#log });
        for (const address of distinctAddresses(bind)) {
          this.#listeners.push(await this.#listen(name, address, { server: this.#server, options }));
        }
      }
    } catch (error) {
      for (const backend of this.snapshot.backends.values()) backend.close();
      await this.#closeListeners();
      throw error;
    }
  }

  /**
   * Drains: accepts nothing more, finishes what is under way, cuts what is left after the drain timeout.
   * Resolves with the number of connections that were cut.
   */
  async stop(): Promise<number> {
    const { drainTimeout } = this.snapshot.config.shutdown;
    this.#log.info("drain", { connections: this.#server.size, timeout: formatDuration(drainTimeout) });
    const closed = this.#closeListeners();
    const cut = await this.#server.drain(drainTimeout);
    await this.#admin.drain(ADMIN_DRAIN_MS);
    for (const backend of this.snapshot.backends.values()) backend.close();
    if (cut > 0) this.#log.warn("drain_timeout", { cut, timeout: formatDuration(drainTimeout) });
    else await closed;
    this.#log.info("stopped", { cut });
    return cut;
  }

  async #startAdmin({ bind }: AdminConfig): Promise<void> {
    const app = createAdminApp({ metrics: () => this.metricsPage() });
    const options = adminOptions(app, this.snapshot.config.limits);
    this.#adminListener = await this.#listen("admin", bind, { server: this.#admin, options });
  }

  async #listen(
    name: string,
    address: ListenAddress,
    { server, options }: { server: DownstreamServer; options: Parameters<DownstreamServer["accept"]>[1] },
  ): Promise<Listener> {
    const listener = await listen(
      address,
      (socket) => server.accept(socket, options, address.kind === "unix"),
      (error) => this.#log.error("accept_failed", { frontend: name, cause: error.message }),
    );
    this.#log.info("listening", { frontend: name, address: listener.address });
    return listener;
  }

  async #closeListeners(): Promise<void> {
    const listeners = [
      ...this.#listeners,
      ...(this.#adminListener === undefined ? [] : [this.#adminListener]),
    ];
    await Promise.all(listeners.map((listener) => listener.close()));
  }
}
