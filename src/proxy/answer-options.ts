import { isAtLastHop } from "../http/max-forwards.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";

/** The methods that Allow names. Any other goes on as well, but for CONNECT and TRACE. */
export const SERVED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** Whether this proxy is whom an OPTIONS is for: it may be passed on no further (RFC 9110 §7.6.2). */
export function isForProxy({ method, head }: IncomingRequest): boolean {
  return method === "OPTIONS" && isAtLastHop(head.fields);
}

/** What the proxy says of itself. */
export function answerOptions(): Response {
  return new Response(null, { status: 200, headers: { "Allow": SERVED_METHODS, "Content-Length": "0" } });
}
