import { ProxyError, type ProxyErrorKind, toProxyError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { TICK } from "../base/tick.ts";
import { formatDuration } from "../base/units.ts";
import type { CircuitBreakerConfig } from "../config/sections/circuit-breaker.ts";
import { includesStatus } from "../config/values/statuses.ts";
import type { AnswerTaker } from "../message/answer-taker.ts";
import type { Exchange } from "../message/exchange.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";
import type { Stage, StageParts } from "../message/stage.ts";
import { type BreakerChange, type BreakerState, CircuitBreaker } from "./circuit-breaker.ts";

/** How the metrics show a state. */
const SHOWN: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

/** Failures besides those of servers that tell of too much load. */
const OVERLOAD: ReadonlySet<ProxyErrorKind> = new Set(["queue_full", "queue_timeout"]);

/** Answers 503 at once while too many of the requests before failed or were slow. */
export function circuitBreakerStage(
  config: CircuitBreakerConfig,
  { at, kept, log, counts }: StageParts,
): Stage {
  const opened = counts.count("sluice_circuit_breaker_opened_total");
  const breaker = kept.take(`circuit_breaker ${at}`, config, () => {
    return new CircuitBreaker(config, (change) => {
      if (change.to === "open") opened.value++;
      logChange(log, at, change);
    });
  });
  counts.gauge("sluice_circuit_breaker_state", () => SHOWN[breaker.state]);
  return {
    get words() {
      return `circuit_breaker: ${describe(config)}${describeState(breaker)}`;
    },
    around: (next) => (request, taker) => {
      const now = TICK.now();
      const through = breaker.enter(now);
      if (through === 0) return refuse(request.exchange, taker, breaker.waitMs(now));
      next(request, new Judge(taker, { breaker, through, config }));
    },
  };
}

/** Tells the breaker what came of one request. */
class Judge implements AnswerTaker {
  readonly #taker: AnswerTaker;
  readonly #breaker: CircuitBreaker;
  readonly #through: number;
  readonly #config: CircuitBreakerConfig;
  readonly #begunAt = TICK.now();

  constructor(
    taker: AnswerTaker,
    { breaker, through, config }: {
      breaker: CircuitBreaker;
      through: number;
      config: CircuitBreakerConfig;
    },
  ) {
    this.#taker = taker;
    this.#breaker = breaker;
    this.#through = through;
    this.#config = config;
  }

  onAnswer(exchange: Exchange, response: Response): void {
    const status = response instanceof ForwardedResponse ? response.sentStatus : response.status;
    this.#leave(includesStatus(this.#config.statuses, status));
    this.#taker.onAnswer(exchange, response);
  }

  onFailed(exchange: Exchange, error: unknown): void {
    const { kind, side } = toProxyError(error);
    this.#leave(side === "upstream" || OVERLOAD.has(kind) ? true : undefined);
    this.#taker.onFailed(exchange, error);
  }

  /** Undefined where it ended for a reason that says nothing of servers: its client left, or there was none to pick. */
  #leave(failed: boolean | undefined): void {
    const now = TICK.now();
    const outcome = failed === undefined ? undefined : { failed, ms: now - this.#begunAt };
    this.#breaker.leave(this.#through, outcome, now);
  }
}

function refuse(exchange: Exchange, taker: AnswerTaker, waitMs: number): void {
  const seconds = String(Math.max(1, Math.ceil(waitMs / 1000)));
  exchange.editAnswer((fields) => {
    fields.removeWhere(({ lower }) => lower === "retry-after");
    fields.append("Retry-After", seconds);
  });
  taker.onFailed(exchange, new ProxyError("circuit_open", "Too many requests before failed or were slow"));
}

function logChange(log: Log, at: string, { to, requests, errors, slow }: BreakerChange): void {
  if (to === "open") log.warn("circuit_open", { at, requests, errors, slow });
  else log.info(`circuit_${to}`, { at });
}

function describe({ errors, slow, slowShare, minRequests, window, openFor }: CircuitBreakerConfig): string {
  const bad = [
    `${percent(errors)} failed`,
    ...(slow === undefined ? [] : [`${percent(slowShare)} slower than ${formatDuration(slow)}`]),
  ];
  return `opens for ${formatDuration(openFor)} where ${bad.join(" or ")} of at least ${minRequests} in ${
    formatDuration(window)
  }`;
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

function describeState(breaker: CircuitBreaker): string {
  if (breaker.state === "closed") return "";
  if (breaker.state === "half_open") return "; half open now: few requests are let through";
  const left = breaker.waitMs(performance.now());
  return left > 0
    ? `; open now, for ${Math.ceil(left / 1000)} s more`
    : "; open now, the next request is tried";
}
