import { type Context, Hono } from "hono";
import { ProxyError, toProxyError } from "../base/errors.ts";
import { Fields } from "../http/fields.ts";
import { answered, answerFrom } from "../message/answer-taker.ts";
import type { Exchange } from "../message/exchange.ts";
import type { Handler } from "../message/handler.ts";
import { asRequest, IncomingRequest } from "../message/incoming-request.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";
import { answerFailure, type ErrorAnswers } from "./error-answer.ts";
import type { Course } from "./course.ts";
import { type Decide, rawPath, refuseMethod } from "./decision.ts";
import { forward } from "./forward.ts";
import { identify } from "./identity.ts";
import { fromNative, fromReplacement, nativeExchange } from "./native-request.ts";
import { answerOptions, isForProxy } from "./answer-options.ts";

/**
 * The data plane of one frontend. It answers no failure: what it throws, or tells its taker, becomes an answer where the
 * request came from. `nowhere` stands for who answers where nothing leads anywhere.
 */
export function createProxyHandler(decide: Decide, nowhere?: Handler): Handler {
  if (nowhere === undefined) return (request, taker) => decide(request)(request, taker);
  const decideOr = (request: IncomingRequest) => {
    try {
      return decide(request);
    } catch (error) {
      if (error instanceof ProxyError && error.kind === "no_route") return nowhere;
      throw error;
    }
  };
  return (request, taker) => decideOr(request)(request, taker);
}

/** The same as a Hono app: for anybody's web-standard requests, and for the engine's behind somebody's own app. */
export function createProxyApp(handle: Handler, errors: ErrorAnswers): Hono {
  const app = new Hono({ getPath: rawPath });
  app.all("*", (c) => {
    const { incoming, ours } = incomingOf(c.req.raw, c.env);
    const answer = keepTrack(incoming, answered((taker) => handle(incoming, taker)));
    return ours ? answer : answer.then((response) => edited(response, incoming.exchange));
  });
  app.onError((error, c) => {
    const exchange = exchangeOf(c);
    exchange.fail(toProxyError(error));
    const answer = answerFailure(error, exchange, errors);
    return exchange.peer.handsOver === false ? edited(answer, exchange) : answer;
  });
  return app;
}

/** What the engine does to the fields of an answer as it writes them: for those that somebody else's server writes. */
function edited(response: Response, { edits = [], added = [] }: Exchange): Response {
  if (edits.length === 0 && added.length === 0) return response;
  const { status, statusText } = response;
  const fields = Fields.from(response.headers);
  for (const edit of edits) edit(fields, status);
  for (const lines of added) lines.appendTo(fields);
  return new Response(response.body, { status, statusText, headers: fields.toHeaders() });
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
    return await keepTrack(request, forward(request, course));
  } catch (error) {
    exchange.fail(toProxyError(error));
    return answerFailure(error, exchange, errors);
  }
}

/** Sees that `answering` is let go of once the exchange is over: an app need not pass on every answer that it asked for. */
export async function keepTrack(
  { exchange }: IncomingRequest,
  answering: Promise<Response>,
): Promise<Response> {
  const answer = await answering;
  exchange.atEnd(() => dropUnused(answer));
  return answer;
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
