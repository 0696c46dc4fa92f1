import { ProxyError } from "../base/errors.ts";
import type { ActionConfig } from "../config/sections/action.ts";
import { pathOf } from "../http/path.ts";
import type { Stage } from "../message/stage.ts";
import { answerFrom } from "../message/answer-taker.ts";
import type { Handler } from "../message/handler.ts";
import { IncomingRequest } from "../message/incoming-request.ts";
import { answerOptions, isForProxy } from "./answer-options.ts";
import type { Predicate } from "./condition.ts";
import type { Course } from "./course.ts";
import { identify, type IdentityPolicy } from "./identity.ts";
import type { Choose, OtherReadings } from "./other-readings.ts";
import type { PathReader } from "./path-reader.ts";
import type { Router } from "./router.ts";

/** Says who answers a request. Throws a ProxyError where nobody does. */
export type Decide = (request: IncomingRequest) => Handler;

/** What a handler stands for: not for requests, but for whoever asks what would become of one. */
export interface Taken {
  readonly kind: "rule" | "route" | "default";
  /** Its position among the rules or the routes of the config. */
  readonly index: number;
  readonly action: ActionConfig;
  /** Where it sends a request; undefined where the proxy itself answers. */
  readonly courseOf: ((request: IncomingRequest) => Course) | undefined;
  /** What a request passes on its way there. */
  readonly stages: readonly Stage[];
  /** Who answers it behind them. */
  readonly handle: Handler;
}

/** A condition and who answers where it is met. */
export interface Rule {
  readonly matches: Predicate;
  readonly handler: Handler;
}

/** Makes a page of the proxy's own for a request with this Accept. */
export type OwnPage = (accept: string | undefined) => Response | Promise<Response>;

/** What decides about the requests of one frontend. */
export interface DecisionParts {
  /** In order: the first that matches decides. */
  readonly rules: readonly Rule[];
  /** Asked when no rule matches; undefined where there are no routes. Their prefixes are as `paths` has them. */
  readonly router: Router<Handler> | undefined;
  /** Asked when no route matches either. */
  readonly fallback: Handler | undefined;
  /** How routes see paths. */
  readonly paths: PathReader;
  readonly identity: IdentityPolicy;
  /** Looks at paths that may be read in other ways; undefined where all are let in by the same. */
  readonly otherReadings?: OtherReadings | undefined;
  /** Pages that the app answers itself, by their whole path; undefined where there are none. */
  readonly pages?: ReadonlyMap<string, OwnPage> | undefined;
}

/** Answers an OPTIONS that is for the proxy. */
export const OPTIONS_HANDLER: Handler = ({ exchange }, taker) => taker.onAnswer(exchange, answerOptions());

/** Finds out who asks, and who answers: the frontend's own pages, then rules, then routes, then the fallback. */
export function createDecision(
  { rules, router, fallback, paths, identity, otherReadings, ...parts }: DecisionParts,
): Decide {
  const choose: Choose = (request) => {
    for (const rule of rules) {
      if (rule.matches(request)) return rule.handler;
    }
    return router?.find(request.head.authority, paths.ofRequest(request)) ?? fallback;
  };
  const pages = parts.pages && new Map([...parts.pages].map(([path, page]) => [path, pageHandler(page)]));
  return (request) => {
    const page = pages?.get(rawPath(request));
    if (page !== undefined && /^(?:GET|HEAD)$/.test(request.method)) return page;
    identify(request, identity);
    refuseMethod(request.method);
    if (isForProxy(request)) return OPTIONS_HANDLER;
    paths.check?.(request);
    const handler = choose(request);
    if (handler === undefined) throw noRoute();
    otherReadings?.check(request, handler, choose);
    return handler;
  };
}

/** Why a request fails that nothing takes. */
export function noRoute(): ProxyError {
  return new ProxyError("no_route", "Nothing leads anywhere for this request");
}

/** The path as it came, without a copy of the whole URL. */
export function rawPath(request: Request | IncomingRequest): string {
  return pathOf(request instanceof IncomingRequest ? request.target : new URL(request.url).pathname);
}

/** CONNECT is for forward proxies, and TRACE would show the client what the proxy adds (RFC 9110 §9.3.8). */
export function refuseMethod(method: string): void {
  if (method === "CONNECT" || method === "TRACE") {
    throw new ProxyError("method_not_allowed", `${method} is not served here`);
  }
}

function pageHandler(page: OwnPage): Handler {
  return ({ exchange }, taker) => answerFrom(() => page(exchange.fields?.get("accept")), exchange, taker);
}
