import { Hono, type MiddlewareHandler } from "hono";
import { ProxyError, toProxyError } from "../base/errors.ts";
import type { MiddlewareConfig, MiddlewareEntry } from "../config/sections/middleware.ts";
import { answerFrom } from "../message/answer-taker.ts";
import type { Handler } from "../message/handler.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { asRequest } from "../message/incoming-request.ts";
import type { Stage, StageParts } from "../message/stage.ts";
import { exchangeOf, incomingOf, keepTrack } from "./app.ts";
import { rawPath } from "./decision.ts";

/** What a middleware of the config finds in `c.var`. */
export interface SluiceEnv {
  Variables: {
    /** The rule or the route that took the request, as logs and metrics name it; undefined where none did. */
    route: string | undefined;
    /** The backend that it goes to; of a split it is known after `next()`. */
    backend: string | undefined;
    /** What logs and servers call the request. */
    requestId: string;
    /** Address of the client, behind trusted proxies as well; empty for a unix socket. */
    client: string;
  };
}

/** A middleware for the key `middleware`: the default export of a module. */
export type SluiceMiddleware = MiddlewareHandler<SluiceEnv>;

/** Has middlewares of one's own run around requests, as Hono has them. */
export function middlewareStage(entries: MiddlewareConfig, parts: StageParts): Stage {
  const names = entries.map(({ name }) => name).join(", ");
  return {
    words: `middleware: ${names}`,
    around(next) {
      const app = appAround(next, entries, parts);
      return (request, taker) =>
        answerFrom(() => app.fetch(asRequest(request), request), request.exchange, taker);
    },
  };
}

function appAround(next: Handler, entries: MiddlewareConfig, parts: StageParts): Hono<SluiceEnv> {
  const app = new Hono<SluiceEnv>({ getPath: rawPath });
  app.use(async function knowRequest(c, next) {
    const { route, requestId, client } = exchangeOf(c);
    c.set("route", route?.name);
    c.set("backend", route?.backend);
    c.set("requestId", requestId);
    c.set("client", client);
    await next();
  });
  for (const entry of entries) app.use(named(entry));
  app.all("*", async (c) => {
    const { incoming } = incomingOf(c.req.raw, c.env);
    const answer = await keepTrack(incoming, answeredAnyway(next, incoming, parts));
    const { backend } = incoming.exchange;
    if (backend !== undefined) c.set("backend", backend); // by now it is known of a split, too
    return answer;
  });
  app.onError((error, c) => {
    const own = ownAnswer(error);
    if (own !== undefined) return own;
    const { exchange } = incomingOf(c.req.raw, c.env).incoming;
    const failure = error instanceof ProxyError ? error : failureOf(entries.map(({ name }) => name), error);
    exchange.fail(failure);
    return parts.failureAnswer(failure, exchange);
  });
  return app;
}

/** What `next` answers; where it fails, the answer to that, so that middlewares see it. */
function answeredAnyway(
  next: Handler,
  request: IncomingRequest,
  { failureAnswer }: StageParts,
): Promise<Response> {
  return new Promise((resolve) => {
    const fail = (error: unknown) => {
      request.exchange.fail(toProxyError(error));
      resolve(failureAnswer(error, request.exchange));
    };
    next(request, {
      onAnswer: (_, response) => resolve(response),
      onFailed: (_, error) => fail(error),
    });
  });
}

/** The middleware of `entry`; what it throws says whose fault it is. */
function named({ name, run }: MiddlewareEntry): SluiceMiddleware {
  const middleware = run as SluiceMiddleware | undefined;
  return async function ownMiddleware(c, next) {
    if (middleware === undefined) throw failureOf([name], new Error("It is not loaded"));
    try {
      return await middleware(c, next);
    } catch (error) {
      throw ownAnswer(error) === undefined ? failureOf([name], error) : error;
    }
  };
}

/** The answer that an error stands for, as those of Hono's own middlewares do. */
function ownAnswer(error: unknown): Response | undefined {
  const thrown = error as { getResponse?: unknown } | null | undefined; // anything can be thrown
  return typeof thrown?.getResponse === "function"
    ? (thrown as { getResponse(): Response }).getResponse()
    : undefined;
}

function failureOf(names: readonly string[], error: unknown): ProxyError {
  const what = error instanceof Error ? error.message : String(error);
  return new ProxyError("middleware_failed", `${names.join(", ")}: ${what}`, { cause: error });
}
