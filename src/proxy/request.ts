import { type Fields, ROLE } from "../http/fields.ts";
import { connectionOf, hasConnectionOption, nominatedNames } from "../http/hop-by-hop.ts";
import type { BodySource } from "../message/body.ts";
import type { IncomingRequest } from "../message/request.ts";

/** What the head for a server is made of besides the client's request. */
export interface ForwardContext {
  readonly fields: Fields;
  readonly body: BodySource | null;
  /** Name of this proxy in Via. */
  readonly via: string;
  /** `host[:port]` for Host: the client's, or the server's own where that is asked for or there is no other. */
  readonly host: string;
  readonly basePath: string;
  /** The protocol to ask for, or undefined for plain HTTP. */
  readonly upgrade: string | undefined;
}

/**
 * Writes the head that goes to a server: everything end-to-end as it came, in its order, case and repetitions;
 * what was for the client's connection only is left out (RFC 9110 §7.6.1); and what tells the server about the
 * client comes last, so that nothing the client sent can remove or replace it.
 */
export function requestHead(request: IncomingRequest, context: ForwardContext): string {
  const { fields, body, host } = context;
  const nominated = nominatedNames(connectionOf(fields));
  let forwardedFor: string | undefined;
  let lengthSent = false;
  let hostSent = false;
  const path = request.target;
  let head = request.method + " " + (path === "*" ? path : context.basePath + path) + " HTTP/1.1\r\n";
  for (let i = 0; i < fields.names.length; i++) {
    const kind = fields.kinds[i]!;
    if (kind.role !== ROLE.none) {
      if (kind.role === ROLE.host) {
        head += fields.names[i]! + ": " + host + "\r\n";
        hostSent = true;
        continue;
      }
      if (kind.role === ROLE.forwardedFor) {
        forwardedFor = forwardedFor === undefined
          ? fields.values[i]!
          : forwardedFor + ", " + fields.values[i]!;
        continue;
      }
      if (kind.role === ROLE.forwardedOther) continue;
      if (kind.role === ROLE.contentLength) {
        if (body !== null && body.length === undefined) continue;
        head += fields.names[i]! + ": " + (body?.length ?? 0) + "\r\n";
        lengthSent = true;
        continue;
      }
    }
    if (kind.hopByHop || (nominated !== undefined && nominated.has(kind.lower))) continue;
    head += fields.names[i]! + ": " + fields.values[i]! + "\r\n";
  }
  if (!hostSent) head += "Host: " + host + "\r\n";
  if (body !== null && !lengthSent) {
    head += body.length === undefined
      ? "Transfer-Encoding: chunked\r\n"
      : "Content-Length: " + body.length + "\r\n";
  }
  if (context.upgrade !== undefined) head += "Connection: Upgrade\r\nUpgrade: " + context.upgrade + "\r\n";
  return head + identity(request, forwardedFor, context.via) + "\r\n";
}

/** The protocol that a request asks to switch to, or undefined. */
export function requestedUpgrade(
  request: IncomingRequest,
  fields: Fields,
  body: unknown,
): string | undefined {
  // RFC 9110 §7.8 lets a server ignore Upgrade. With a body behind it two programs may disagree where the
  // protocol changes, and HTTP/2 or TLS would carry requests past every rule of this proxy: all go on as plain HTTP.
  if (body !== null || request.head.minorVersion === 0 || request.method === "HEAD") return undefined;
  const upgrade = fields.get("upgrade");
  if (upgrade === undefined || /(?:^|[\s,])(?:h2|http\/|tls)/i.test(upgrade)) return undefined;
  return hasConnectionOption(connectionOf(fields), "upgrade") ? upgrade : undefined;
}

function identity(request: IncomingRequest, forwardedFor: string | undefined, via: string): string {
  const { peer, authority } = request.exchange;
  const address = peer.address || "unknown";
  return "X-Forwarded-For: " + (forwardedFor ? forwardedFor + ", " + address : address) +
    "\r\nX-Forwarded-Proto: " + (peer.secure ? "https" : "http") +
    (authority === "" ? "" : "\r\nX-Forwarded-Host: " + authority) +
    "\r\nVia: 1." + request.head.minorVersion + " " + via + "\r\n";
}
