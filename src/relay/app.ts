import { Hono } from "hono";
import { ProxyError, toProxyError } from "../base/errors.ts";
import { WholeResponse } from "../message/whole-response.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { answerOptions, isForProxy } from "../proxy/answer-options.ts";
import { exchangeOf, incomingOf } from "../proxy/app.ts";
import { answerFailure } from "../proxy/error-answer.ts";
import { forward } from "../proxy/forward.ts";
import { createRelayDecision, type RelayParts } from "./decision.ts";
import { PAC_TYPE } from "./pac.ts";

/** The data plane of a forward proxy: absolute-form requests and CONNECT (RFC 9110 §7.6, §9.3.6). */
export function createRelayApp(parts: RelayParts): Hono {
  const { errors, access } = parts;
  const decision = createRelayDecision(parts);
  const app = new Hono({ getPath: () => "/" }); // a tunnel has no path
  app.all("*", async (c) => {
    const { incoming: request } = incomingOf(c.req.raw, c.env);
    if (!decision.admit(request)) return answerOwn(request, parts);
    await access.checkUser(request);
    if (isForProxy(request)) return answerOptions();
    return forward(request, decision.courseOf(request));
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
