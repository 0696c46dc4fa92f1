import { Hono } from "hono";
import { ProxyError, toProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import { hostForMatching, splitAuthority } from "../http/authority.ts";
import { WholeResponse } from "../message/whole-response.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { exchangeOf, incomingOf } from "../proxy/app.ts";
import { answerFailure, type ErrorAnswers } from "../proxy/error-answer.ts";
import type { Course } from "../proxy/course.ts";
import { forward } from "../proxy/forward.ts";
import { identify, type IdentityPolicy } from "../proxy/identity.ts";
import { answerOptions, isForProxy } from "../proxy/answer-options.ts";
import type { Access } from "./access.ts";
import type { Origins } from "./origins.ts";
import { PAC_TYPE } from "./pac.ts";

export interface RelayParts {
  readonly identity: IdentityPolicy;
  readonly errors: ErrorAnswers;
  readonly access: Access;
  /** Parent proxies; without them every request goes straight to its target. */
  readonly parents: Backend | undefined;
  /** Whether a host is reached through the parents, or straight. */
  readonly routeOf: (host: string) => "parent" | "straight";
  readonly origins: Origins;
  /** What `/proxy.pac` answers to a client that came by `authority`; undefined where there is none. */
  readonly pac: ((authority: string) => string) | undefined;
}

/** Where a request wants to go. */
interface Target {
  readonly scheme: "http" | "https";
  /** `host[:port]` as it was written. */
  readonly authority: string;
  /** In the form that rules compare. */
  readonly host: string;
  readonly port: number;
}

/** The data plane of a forward proxy: absolute-form requests and CONNECT (RFC 9110 §7.6, §9.3.6). */
export function createRelayApp(parts: RelayParts): Hono {
  const { identity, errors, access, parents, origins } = parts;
  const throughParents: Course | undefined = parents && { backend: parents, policy: identity, relayTarget };
  const app = new Hono({ getPath: () => "/" }); // a tunnel has no path
  app.all("*", async (c) => {
    const { incoming: request } = incomingOf(c.req.raw, c.env);
    identify(request, identity);
    access.checkClient(request);
    // A parent might show the client what it was sent, our credentials with it (RFC 9110 §9.3.8).
    if (request.method === "TRACE") throw new ProxyError("method_not_allowed", "TRACE is not served here");
    const { form } = request.head.target;
    if (form === "origin" || form === "asterisk") return answerOwn(request, parts);
    await access.checkUser(request);
    if (isForProxy(request)) return answerOptions();
    const target = targetOf(request);
    access.checkTarget(request.method, target);
    if (throughParents !== undefined && parts.routeOf(target.host) === "parent") {
      return forward(request, throughParents);
    }
    access.checkStraight(target.host);
    return forward(request, { backend: origins.of(target.scheme, target.authority), policy: identity });
  });
  app.onError((error, c) => {
    const exchange = exchangeOf(c);
    exchange.fail(toProxyError(error));
    return answerFailure(error, exchange, errors);
  });
  return app;
}

/** What is not for another host: there is one thing that the relay itself has to say. */
function answerOwn({ method, target, head }: IncomingRequest, { pac }: RelayParts): Response {
  const asksForPac = target === "/proxy.pac" && (method === "GET" || method === "HEAD");
  if (pac !== undefined && asksForPac && head.authority !== "") { // HTTP/1.0 may lack the Host that it is made of
    const bytes = new TextEncoder().encode(pac(head.authority));
    return new WholeResponse(bytes, {
      headers: {
        "Content-Type": PAC_TYPE,
        "Content-Length": String(bytes.length),
        "Cache-Control": "no-cache",
      },
    });
  }
  throw new ProxyError("bad_request", "This is a forward proxy: the target must be an address, or CONNECT");
}

function targetOf({ method, head }: IncomingRequest): Target {
  const { scheme = "http", authority = head.authority } = head.target;
  const secure = method === "CONNECT" || scheme === "https";
  return {
    scheme,
    authority,
    host: hostForMatching(authority),
    port: splitAuthority(authority).port ?? (secure ? 443 : 80),
  };
}

/** The target as another proxy is to see it: as it came. */
function relayTarget({ method, head, target }: IncomingRequest): string {
  const { scheme, authority } = head.target;
  if (method === "CONNECT") return authority!;
  return `${scheme}://${authority}${target === "*" ? "" : target}`; // RFC 9112 §3.2.4
}
