import type { Log } from "../base/log.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import type { LimitsConfig } from "../config/sections/limits.ts";
import type { Config } from "../config/schema.ts";
import { type DownstreamTimeoutsConfig, downstreamTimeoutsSchema } from "../config/sections/timeouts.ts";
import { SECRET_HEADERS } from "../config/values/secret-headers.ts";
import type { IntakeLimits, Reception, Refusal } from "../downstream/reception.ts";
import { IpSet } from "../http/ip.ts";
import type { ProxyError } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import type { AnswerTaker } from "../message/answer-taker.ts";
import type { Handler } from "../message/handler.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { OpenTunnel, TunnelKind } from "../message/tunnel.ts";
import type { Exchange } from "../message/exchange.ts";
import { type AccessLog, accessLogOf, logAccess } from "../observe/access-log.ts";
import { FrontendMetrics } from "../observe/frontend-metrics.ts";
import type { KeptParts, RememberedRequests } from "../observe/remembered-requests.ts";
import type { RecentErrors } from "../observe/recent-errors.ts";
import { RequestTraces } from "../observe/request-traces.ts";
import type { SpanSink } from "../observe/span.ts";
import { SummedEvent } from "../observe/summed-event.ts";
import { type App, handlerOf } from "../proxy/app.ts";
import { largestBody } from "../proxy/body-limits.ts";
import { answerFailure } from "../proxy/error-answer.ts";
import type { Frontend } from "./snapshot.ts";

/** What of a frontend answers its requests. */
export interface ServedFrontend extends Pick<Frontend, "config" | "errors"> {
  readonly app: App;
  readonly handle?: Handler;
  readonly asked?: Frontend["asked"];
}

/** What is counted of one frontend's clients. It lives as long as there is a frontend of that name, through every reload. */
class FrontendTally {
  readonly metrics: FrontendMetrics;
  /** Refused clients by why; of files there is a line for the whole process. */
  readonly #refusals: ReadonlyMap<Refusal, SummedEvent>;

  /** `name` is the frontend's; `earlier` was counted when there was one of that name before. */
  constructor(name: string, log: Log, earlier: FrontendMetrics | undefined) {
    this.metrics = new FrontendMetrics(earlier);
    const summed = (reason: Refusal): [Refusal, SummedEvent] => [
      reason,
      new SummedEvent((count) => log.warn("connection_refused", { frontend: name, reason, count })),
    ];
    this.#refusals = new Map([summed("connection_limit"), summed("client_connection_limit")]);
  }

  /** A client was turned away. */
  refused(refusal: Refusal): void {
    this.metrics.refused();
    this.#refusals.get(refusal)?.add();
  }

  /** No more will come: writes down what was not yet. */
  close(): void {
    for (const refusals of this.#refusals.values()) refusals.close();
  }
}

/**
 * How one config has the connections of one frontend served. It never changes: a reload puts another in its place, which
 * open connections take up with their next request, while one under way keeps the timeouts, the error pages and the log
 * that it began with.
 */
export class FrontendReception implements Reception {
  readonly config: FrontendConfig;
  readonly limits: IntakeLimits;
  readonly maxConnections: number;
  readonly timeouts: DownstreamTimeoutsConfig;
  readonly halfClose: "answer" | "abort";
  readonly keepsSentFields: boolean;
  readonly tally: FrontendTally;
  readonly #handle: Handler;
  readonly #errors: ServedFrontend["errors"];
  readonly #trusted: IpSet;
  readonly #access: AccessLog | undefined;
  readonly #recentErrors: RecentErrors | undefined;
  /** Undefined where there are none: then nothing is done for them. */
  readonly #traces: RequestTraces | undefined;
  readonly #remembered: RememberedRequests | undefined;
  readonly #kept: KeptParts;

  /** `tally` goes on from the config before; without it the frontend is new. */
  constructor(
    served: ServedFrontend,
    config: Config,
    { log, tally, earlier, errors, remembered, spans }: {
      log: Log;
      tally?: FrontendTally | undefined;
      /** What was counted of a frontend of that name that is gone. */
      earlier?: FrontendMetrics | undefined;
      /** Takes note of what fails. */
      errors?: RecentErrors | undefined;
      /** Takes the spans of traces, where the config asks for some. */
      spans?: SpanSink;
      /** Takes note of every request. */
      remembered?: RememberedRequests | undefined;
    },
  ) {
    this.config = served.config;
    this.limits = limitsOf(served, config);
    this.maxConnections = served.config.maxConnections;
    this.timeouts = served.config.timeouts;
    this.halfClose = served.config.halfClose;
    this.tally = tally ?? new FrontendTally(served.config.name, log, earlier);
    this.#handle = served.handle ?? handlerOf(served.app);
    this.#errors = served.errors;
    this.#trusted = trustedBy(served);
    this.#access = accessLogOf(served.config.name, config.log, { log, load: this.tally.metrics });
    this.#recentErrors = errors;
    this.#traces = spans && requestTraces(served, config, { spans, trusted: this.#trusted });
    this.#remembered = remembered;
    this.#kept = keptParts(served);
    this.keepsSentFields = this.#access?.headers?.ofAnswers === true;
  }

  standsForMany(address: string): boolean {
    return this.#trusted.has(address);
  }

  serve(request: IncomingRequest, taker: AnswerTaker): void {
    this.#traces?.begin(request.exchange);
    this.#handle(request, taker);
  }

  failureAnswer(error: ProxyError, exchange: Exchange): Response {
    return answerFailure(error, exchange, this.#errors);
  }

  onAccepted(): void {
    this.tally.metrics.accepted();
  }

  onRefused(refusal: Refusal): void {
    this.tally.refused(refusal);
  }

  onBegun(): void {
    this.tally.metrics.begun();
  }

  onTunnel(tunnel: OpenTunnel, kind: TunnelKind): void {
    this.tally.metrics.tunnelOpened(tunnel, kind);
  }

  onTunnelOver(tunnel: OpenTunnel, kind: TunnelKind): void {
    this.tally.metrics.tunnelOver(tunnel, kind);
  }

  onExchange(exchange: Exchange): void {
    const now = TICK.now();
    this.tally.metrics.finished(exchange, now);
    if (exchange.reason !== "ok" || exchange.status >= 500) {
      this.#recentErrors?.note(exchange, this.config.name, now);
    }
    this.#traces?.finish(exchange, now);
    if (this.#remembered !== undefined) this.#remembered.note(exchange, this.#kept);
    if (this.#access !== undefined) logAccess(this.#access, exchange, now);
  }
}

/** What is remembered of the requests of a frontend. */
function keptParts({ config: { name }, asked }: ServedFrontend): KeptParts {
  return {
    frontend: name,
    headers: asked === undefined ? [] : [...asked.headers].filter((header) => !SAID_ELSEWHERE.has(header)),
    secret: SECRET_HEADERS,
    query: asked?.query ?? new Set(),
  };
}

/** Headers that a comparison makes of what else is remembered. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set(["host", "x-forwarded-for", "forwarded", "x-real-ip"]);

/** The proxies in front, by address. */
function trustedBy({ config: { trustedProxies = [] } }: ServedFrontend): IpSet {
  return new IpSet(trustedProxies.flatMap((entry) => entry === "unix" ? [] : entry));
}

/** Undefined where there is no tracing. */
function requestTraces(
  { config: { name, trustedProxies = [] } }: ServedFrontend,
  { tracing }: Config,
  { spans, trusted }: { spans: SpanSink; trusted: IpSet },
): RequestTraces | undefined {
  if (tracing === undefined) return undefined;
  const trustsUnix = trustedProxies.includes("unix");
  return new RequestTraces(tracing, { frontend: name, sink: spans, trusted, trustsUnix });
}

/** RFC 9112 §3.2.2: a proxy ignores the Host of a request in absolute-form. */
function limitsOf({ config }: ServedFrontend, { limits }: Config): IntakeLimits {
  if (config.mode === "relay") return { ...limits, ignoresHost: true };
  return { ...limits, bodySize: largestBody(config, limits.bodySize) };
}

/** How the connections of the admin listener are served: like a frontend's, but neither counted nor logged. */
export function adminReception(app: App, limits: LimitsConfig): Reception {
  const errors = { name: "sluice", pages: new Map() };
  return {
    limits,
    maxConnections: 0,
    timeouts: downstreamTimeoutsSchema.parse({}),
    halfClose: "answer",
    keepsSentFields: false,
    serve: handlerOf(app),
    failureAnswer: (error, exchange) => answerFailure(error, exchange, errors),
    onAccepted() {},
    onRefused() {},
    onBegun() {},
    onTunnel() {},
    onTunnelOver() {},
    onExchange() {},
  };
}
