import { type Context, Hono } from "hono";
import { ProxyError, toProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import { IncomingRequest } from "../message/request.ts";
import { answerFailure } from "./failure.ts";
import { forward } from "./forward.ts";
import { fromNative, fromReplacement } from "./native-request.ts";
import { Router, type RouteRule } from "./router.ts";

/** What the app of one frontend is made of. */
export interface AppParts {
  readonly routes: readonly RouteRule<Backend>[];
  readonly defaultBackend: Backend | undefined;
  /** Name of this proxy in Via. */
  readonly via: string;
}

/** The data plane of one frontend. Takes the engine's requests and anybody's web-standard ones. */
export function createProxyApp({ routes, defaultBackend, via }: AppParts): Hono {
  const router = new Router(routes);
  const app = new Hono({ getPath: rawPath });
  app.all("*", (c) => {
    const request = incomingOf(c);
    refuseMethod(request.method);
    const backend = router.find(request.head.authority, request.target) ?? defaultBackend;
    if (backend === undefined) throw new ProxyError("no_route", "No route leads anywhere for this request");
    return forward(request, backend, via);
  });
  app.onError((error, c) => { // the only place where an error becomes a response
    const incoming = c.env instanceof IncomingRequest ? c.env : c.req.raw as Request | IncomingRequest;
    if (incoming instanceof IncomingRequest) incoming.exchange.fail(toProxyError(error));
    return answerFailure(error);
  });
  return app;
}

/** Has `app` answer a request of the engine, which Hono's `c.env` is as well: so it is known whatever replaces it. */
export function fetchIncoming(app: Hono, request: Request): Response | Promise<Response> {
  return app.fetch(request, request);
}

function incomingOf(c: Context): IncomingRequest {
  const raw = c.req.raw as Request | IncomingRequest;
  if (raw instanceof IncomingRequest) return raw;
  return c.env instanceof IncomingRequest ? fromReplacement(raw, c.env) : fromNative(raw);
}

/** The path as it came, without a copy of the whole URL. */
function rawPath(request: Request | IncomingRequest): string {
  const target = request instanceof IncomingRequest ? request.target : new URL(request.url).pathname;
  const query = target.indexOf("?");
  return query === -1 ? target : target.slice(0, query);
}

/** CONNECT is for forward proxies, and TRACE would show the client what the proxy adds (RFC 9110 §9.3.8). */
function refuseMethod(method: string): void {
  if (method === "CONNECT" || method === "TRACE") {
    throw new ProxyError("method_not_allowed", `${method} is not served here`);
  }
}
