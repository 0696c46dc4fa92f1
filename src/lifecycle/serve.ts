import type { Hono } from "hono";
import type { Log } from "../base/log.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import type { LimitsConfig } from "../config/sections/limits.ts";
import type { Config } from "../config/schema.ts";
import { type DownstreamTimeoutsConfig, downstreamTimeoutsSchema } from "../config/sections/timeouts.ts";
import type { IntakeLimits } from "../downstream/intake.ts";
import type { DownstreamOptions, Refusal } from "../downstream/options.ts";
import { IpSet } from "../http/ip.ts";
import type { ProxyError } from "../base/errors.ts";
import type { Exchange } from "../message/exchange.ts";
import { type AccessLog, logAccess } from "../observe/access-log.ts";
import { FrontendMetrics } from "../observe/frontend-metrics.ts";
import { LoggedHeaders } from "../observe/logged-headers.ts";
import { SummedEvent } from "../observe/summed-event.ts";
import { type App, fetchIncoming } from "../proxy/app.ts";
import { answerFailure } from "../proxy/failure.ts";
import type { Frontend } from "./snapshot.ts";

/** What of a frontend answers its requests. */
export interface ServedFrontend extends Pick<Frontend, "config" | "errors"> {
  readonly app: App;
}

/**
 * How the connections of one frontend are served. It outlives a reload: connections that are open then have their next
 * request answered by the new config, while one under way stays with the old.
 */
export class FrontendService implements DownstreamOptions {
  readonly metrics = new FrontendMetrics();
  readonly #log: Log;
  /** Refused clients by why; of files there is a line for the whole process. */
  readonly #refusals: ReadonlyMap<Refusal, SummedEvent>;
  #frontend: ServedFrontend;
  #config: Config;
  #limits: IntakeLimits;
  #trusted: IpSet;
  #access: AccessLog | undefined;

  constructor(frontend: ServedFrontend, config: Config, log: Log) {
    this.#frontend = frontend;
    this.#config = config;
    this.#log = log;
    const summed = (reason: Refusal): [Refusal, SummedEvent] => [
      reason,
      new SummedEvent((count) => {
        log.warn("connection_refused", { frontend: this.config.name, reason, count });
      }),
    ];
    this.#refusals = new Map([summed("connection_limit"), summed("client_connection_limit")]);
    this.#limits = limitsOf(frontend, config);
    this.#trusted = trustedBy(frontend);
    this.#access = accessLog(frontend, config, log);
  }

  get config(): FrontendConfig {
    return this.#frontend.config;
  }

  get limits(): IntakeLimits {
    return this.#limits;
  }

  get maxConnections(): number {
    return this.#frontend.config.maxConnections;
  }

  get timeouts(): DownstreamTimeoutsConfig {
    return this.#frontend.config.timeouts;
  }

  get halfClose(): "answer" | "abort" {
    return this.#frontend.config.halfClose;
  }

  get keepsSentFields(): boolean {
    return this.#access?.headers?.ofAnswers === true;
  }

  standsForMany(address: string): boolean {
    return this.#trusted.has(address);
  }

  /** Takes a new config over, from the next request on. */
  swap(frontend: ServedFrontend, config: Config): void {
    this.#frontend = frontend;
    this.#config = config;
    this.#limits = limitsOf(frontend, config);
    this.#trusted = trustedBy(frontend);
    this.#access = accessLog(frontend, config, this.#log);
  }

  fetch(request: Request): Response | Promise<Response> {
    return fetchIncoming(this.#frontend.app, request);
  }

  fail(error: ProxyError, exchange: Exchange): Response {
    return answerFailure(error, exchange, this.#frontend.errors);
  }

  onRefused(refusal: Refusal): void {
    this.metrics.refused();
    this.#refusals.get(refusal)?.add();
  }

  /** Serves no more: writes down what was not yet. */
  close(): void {
    for (const refusals of this.#refusals.values()) refusals.close();
  }

  onBegun(): void {
    this.metrics.begun();
  }

  onExchange(exchange: Exchange): void {
    const now = performance.now();
    this.metrics.finished(exchange, now);
    if (this.#access !== undefined) logAccess(this.#access, exchange, now);
  }
}

/** The proxies in front, by address. */
function trustedBy({ config: { trustedProxies = [] } }: ServedFrontend): IpSet {
  return new IpSet(trustedProxies.flatMap((entry) => entry === "unix" ? [] : entry));
}

/** Undefined where requests are not logged. */
function accessLog(
  { config: { name } }: ServedFrontend,
  { log: config }: Config,
  log: Log,
): AccessLog | undefined {
  return config.access ? { log, frontend: name, headers: LoggedHeaders.of(config) } : undefined;
}

/** RFC 9112 §3.2.2: a proxy ignores the Host of a request in absolute-form. */
function limitsOf({ config: { mode } }: ServedFrontend, { limits }: Config): IntakeLimits {
  return mode === "relay" ? { ...limits, ignoresHost: true } : limits;
}

/** How the connections of the admin listener are served: like a frontend's, but neither counted nor logged. */
export function adminOptions(app: Hono, limits: () => LimitsConfig): DownstreamOptions {
  const errors = { name: "sluice", pages: new Map() };
  return {
    get limits() {
      return limits();
    },
    maxConnections: 0,
    timeouts: downstreamTimeoutsSchema.parse({}),
    halfClose: "answer",
    keepsSentFields: false,
    fetch: (request) => app.fetch(request),
    fail: (error, exchange) => answerFailure(error, exchange, errors),
    onRefused() {},
    onBegun() {},
    onExchange() {},
  };
}
