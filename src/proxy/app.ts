import { type Context, Hono } from "hono";
import { ProxyError, toProxyError } from "../base/errors.ts";
import { pathOf } from "../http/path.ts";
import { answered, answerFrom, type AnswerTaker } from "../message/answer-taker.ts";
import type { Exchange } from "../message/exchange.ts";
import { asRequest, IncomingRequest } from "../message/incoming-request.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";
import type { Predicate } from "./condition.ts";
import { answerFailure, type ErrorAnswers } from "./error-answer.ts";
import type { Course } from "./course.ts";
import { forward } from "./forward.ts";
import { identify, type IdentityPolicy } from "./identity.ts";
import { fromNative, fromReplacement, nativeExchange } from "./native-request.ts";
import { answerOptions, isForProxy } from "./answer-options.ts";
import type { PathReader } from "./path-reader.ts";
import type { Router } from "./router.ts";

/** Answers requests that a rule or a route has taken. */
export type Handler = (request: IncomingRequest, taker: AnswerTaker) => void;

/** A condition and who answers where it is met. */
export interface Rule {
  readonly matches: Predicate;
  readonly handler: Handler;
}

/** What the app of one frontend is made of. */
export interface AppParts {
  /** In order: the first that matches decides. */
  readonly rules: readonly Rule[];
  /** Asked when no rule matches; undefined where there are no routes. Their prefixes are as `paths` has them. */
  readonly router: Router<Handler> | undefined;
  /** Asked when no route matches either. */
  readonly fallback: Handler | undefined;
  /** How routes see paths. */
  readonly paths: PathReader;
  readonly identity: IdentityPolicy;
  /** Pages that the app answers itself, by their whole path; undefined where there are none. */
  readonly pages?: ReadonlyMap<string, () => Response | Promise<Response>> | undefined;
}

/**
 * The data plane of one frontend. It answers no failure: what it throws, or tells its taker, becomes an answer where the
 * request came from.
 */
export function createProxyHandler(parts: AppParts): Handler {
  const { identity, pages } = parts;
  const find = createFinder(parts);
  return (request, taker) => {
    const { exchange } = request;
    const page = pages?.get(rawPath(request));
    if (page !== undefined && /^(?:GET|HEAD)$/.test(request.method)) return answerFrom(page, exchange, taker);
    identify(request, identity);
    refuseMethod(request.method);
    if (isForProxy(request)) return taker.onAnswer(exchange, answerOptions());
    const handle = find(request);
    if (handle === undefined) throw new ProxyError("no_route", "Nothing leads anywhere for this request");
    handle(request, taker);
  };
}

/** The same as a Hono app: for anybody's web-standard requests, and for the engine's behind somebody's own app. */
export function createProxyApp(handle: Handler, errors: ErrorAnswers): Hono {
  const app = new Hono({ getPath: rawPath });
  app.all("*", (c) => {
    const { incoming } = incomingOf(c.req.raw, c.env);
    return answered((taker) => handle(incoming, taker));
  });
  app.onError((error, c) => {
    const exchange = exchangeOf(c);
    exchange.fail(toProxyError(error));
    return answerFailure(error, exchange, errors);
  });
  return app;
}

/** Rules first, then routes, then the fallback. */
function createFinder(
  { rules, router, fallback, paths }: AppParts,
): (request: IncomingRequest) => Handler | undefined {
  return (request) => {
    paths.check?.(request);
    for (const rule of rules) {
      if (rule.matches(request)) return rule.handler;
    }
    return router?.find(request.head.authority, paths.ofRequest(request)) ?? fallback;
  };
}

/** What answers requests: a Hono app, or anything of its form. */
export interface App {
  fetch(request: Request, env?: unknown): Response | Promise<Response>;
}

/** Has `app` answer requests of the engine, which Hono's `c.env` is as well: so they are known whatever replaces them. */
export function handlerOf(app: App): Handler {
  return (request, taker) =>
    answerFrom(() => app.fetch(asRequest(request), request), request.exchange, taker);
}

/**
 * `raw` as a request of ours, and whether our own engine serves it; `env` is what Hono's `c.env` is, by which a request
 * of the engine is known whatever replaced it; `client` is who asks, where only the program knows.
 */
export function incomingOf(
  raw: Request,
  env?: unknown,
  client?: string,
): { incoming: IncomingRequest; ours: boolean } {
  const request = raw as Request | IncomingRequest;
  if (request instanceof IncomingRequest) return { incoming: request, ours: true };
  if (env instanceof IncomingRequest) return { incoming: fromReplacement(raw, env), ours: true };
  return { incoming: fromNative(raw, client), ours: false };
}

/** Serves a request on one course, for somebody's own app: what fails is answered, never thrown. */
export async function serveBy(
  course: Course,
  request: IncomingRequest,
  errors: ErrorAnswers,
): Promise<Response> {
  const { exchange } = request;
  exchange.recover(); // from what was tried before
  try {
    identify(request, course.policy);
    refuseMethod(request.method);
    if (isForProxy(request)) return answerOptions();
    const answer = await forward(request, course);
    // An app need not pass on every answer that it asked for.
    exchange.atEnd(() => dropUnused(answer));
    return answer;
  } catch (error) {
    exchange.fail(toProxyError(error));
    return answerFailure(error, exchange, errors);
  }
}

/** Lets go of an answer that nobody took, so that its connection does not wait for a reader. */
function dropUnused(answer: Response): void {
  if (answer instanceof ForwardedResponse) {
    answer.drop(new ProxyError("client_closed", "Nobody took this answer"));
  }
}

/** The exchange of the request that `c` is about. */
export function exchangeOf(c: Context): Exchange {
  const raw = c.req.raw as Request | IncomingRequest;
  if (raw instanceof IncomingRequest) return raw.exchange;
  return c.env instanceof IncomingRequest ? c.env.exchange : nativeExchange(raw);
}

/** The path as it came, without a copy of the whole URL. */
function rawPath(request: Request | IncomingRequest): string {
  return pathOf(request instanceof IncomingRequest ? request.target : new URL(request.url).pathname);
}

/** CONNECT is for forward proxies, and TRACE would show the client what the proxy adds (RFC 9110 §9.3.8). */
function refuseMethod(method: string): void {
  if (method === "CONNECT" || method === "TRACE") {
    throw new ProxyError("method_not_allowed", `${method} is not served here`);
  }
}
