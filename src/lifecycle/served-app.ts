import type { Log } from "../base/log.ts";
import { validateConfig } from "../config/load.ts";
import type { ShutdownConfig } from "../config/sections/shutdown.ts";
import { Clients } from "../downstream/clients.ts";
import { LAST_SPANS_MS, SpanExport } from "../observe/span-export.ts";
import type { App } from "../proxy/app.ts";
import { Listeners } from "./listeners.ts";
import { FrontendReception } from "./serve.ts";

export interface ServedAppOptions {
  /** An address or a list of them, as `bind` of a frontend. */
  readonly bind: string | readonly string[];
  /** Other keys of a frontend that are about its clients, as the config file has them: `timeouts`, `max_connections`. */
  readonly frontend?: Readonly<Record<string, unknown>>;
  /** Top-level sections of a config: `limits`, `shutdown`, `log`, `tracing`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly log: Log;
}

/** Somebody's own app on the engine: with exact headers, back-pressure, limits, WebSockets and a drain. */
export class ServedApp {
  readonly #clients: Clients;
  readonly #listeners: Listeners;
  readonly #reception: FrontendReception;
  readonly #shutdown: ShutdownConfig;
  readonly #spans: SpanExport;

  /**
   * Opens nothing.
   * @throws {ConfigError} with every problem of the options at once.
   */
  constructor(app: App, { bind, frontend, config, log }: ServedAppOptions) {
    const valid = validateConfig({
      ...config,
      frontends: [{ ...frontend, name: "app", bind, routes: [{ respond: {} }] }], // the app has routes of its own
    });
    this.#shutdown = valid.shutdown;
    this.#spans = new SpanExport(log);
    this.#spans.use(valid.tracing);
    this.#clients = new Clients({ ...valid.limits, graceMs: valid.shutdown.grace });
    this.#listeners = new Listeners(this.#clients, log);
    const served = { config: valid.frontends[0]!, errors: { name: "sluice", pages: new Map() }, app };
    this.#reception = new FrontendReception(served, valid, { log, spans: this.#spans });
  }

  /** Addresses that are bound. */
  get addresses(): readonly string[] {
    return this.#listeners.all.map(({ address }) => address);
  }

  /** Binds every address and serves. Rejects, with nothing left open, when one cannot be bound. */
  async start(): Promise<void> {
    const bind = await this.#listeners.prepare([this.#reception], () => this.#reception);
    bind();
  }

  /** Goes on for `shutdown.delay`, then drains and stops; resolves with the number of connections that were cut. */
  async stop(): Promise<number> {
    const { delay, drainTimeout } = this.#shutdown;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    const closed = this.#listeners.close();
    const cut = await this.#clients.drain(drainTimeout);
    this.#reception.tally.close();
    await this.#spans.close(LAST_SPANS_MS);
    await closed;
    return cut;
  }
}
