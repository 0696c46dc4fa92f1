import { ProxyError } from "../base/errors.ts";
import { formatSize } from "../base/units.ts";
import { TICK } from "../base/tick.ts";
import { readAuthority } from "../http/authority.ts";
import { ROLE } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import { hasConnectionOption } from "../http/hop-by-hop.ts";
import type { RefusedHead, RequestHead } from "../http1/request-decoder.ts";
import { Exchange, type Informer, type Peer } from "../message/exchange.ts";
import { IncomingRequest } from "../message/incoming-request.ts";
import type { IntakeLimits } from "./reception.ts";
import type { RequestBody } from "./request-body.ts";

/** The exchange of a request, also of one that was refused; without `head` nothing of it could be read. */
export function newExchange(
  head: RequestHead | RefusedHead | undefined,
  peer: Peer,
  informer: Informer,
): Exchange {
  const whole = head !== undefined && "framing" in head;
  const target = whole ? head.target.path || head.authority : head?.target ?? "";
  const { method = "", minorVersion = 1, fields } = head ?? {};
  const authority = whole ? head.authority : hostOf(fields);
  const startedAt = TICK.now();
  return new Exchange(peer, { method, target, authority, minorVersion, startedAt, fields }, informer);
}

/** Host of a refused request, as far as it can be believed. */
function hostOf(fields: Fields | undefined): string {
  const host = fields?.get("host");
  return host === undefined ? "" : readAuthority(host) ?? "";
}

/** Whether the client wants the connection to stay open after this request (RFC 9112 §9.3). */
export function wantsKeepAlive(head: RequestHead): boolean {
  // What follows a CONNECT that is refused may be meant for the tunnel (RFC 9931).
  if (head.method === "CONNECT") return false;
  const connection = head.fields.connection;
  if (hasConnectionOption(connection, "close")) return false;
  return head.minorVersion === 1 || hasConnectionOption(connection, "keep-alive");
}

/**
 * The request of a sound head. Refuses a body that says it is too large, before any of it is read, and every
 * expectation but the only one there is, which is passed on, as is the server's 100 (RFC 9110 §10.1.1).
 */
export function checkedRequest(
  head: RequestHead,
  { exchange, body, limits }: { exchange: Exchange; body: RequestBody | null; limits: IntakeLimits },
): IncomingRequest {
  const { framing, fields } = head;
  if (framing.kind === "length" && framing.length > (limits.bodySize ?? Infinity)) {
    throw bodyTooLarge(limits.bodySize!);
  }
  const expect = fields.mayHave(ROLE.expect) ? fields.get("expect") : undefined;
  if (expect !== undefined && expect.toLowerCase() !== "100-continue") {
    throw new ProxyError("expectation_failed", "An expectation that nobody knows");
  }
  // RFC 9110 §10.1.1: an HTTP/1.0 client cannot ask.
  if (expect !== undefined && body !== null && head.minorVersion === 1) exchange.awaitsContinue = true;
  return new IncomingRequest(head, exchange, body);
}

/** The failure of a request whose body is larger than the config allows. */
export function bodyTooLarge(limit: number): ProxyError {
  return new ProxyError("body_too_large", `The request body is larger than body_size (${formatSize(limit)})`);
}
