import { fieldName, ROLE } from "../../../src/http/field-name.ts";
import { forwardedEntries, toForwardedNode, toForwardedValue } from "../../../src/http/forwarded.ts";
import { nominatedNames, takesTrailers } from "../../../src/http/hop-by-hop.ts";
import { announcedTrailers, fieldLine } from "../../../src/http1/encode.ts";
import { oneHopOn } from "../../../src/http/max-forwards.ts";
import type { BodySource } from "../../../src/message/body.ts";
import type { Destination, HeadParts } from "../../../src/proxy/request-head.ts";
import { climbs, pathOf } from "../../../src/http/path.ts";
import type { IncomingRequest } from "../../../src/message/incoming-request.ts";
import {
  believedProto,
  believesXForwarded,
  type IdentityPolicy,
  isIdentity,
} from "../../../src/proxy/identity.ts";
import { leavesFolder } from "../../../src/proxy/target.ts";
import { droppedTrailers } from "../../../src/proxy/trailers.ts";

/** What proxies in front of this one said about the client, as far as it is passed on. */
interface Reported {
  forwardedFor: string | undefined;
  proto: string | undefined;
  host: string | undefined;
  forwarded: string | undefined;
  port: string | undefined;
  prefix: string | undefined;
}

/**
 * The head that goes to a server as one text, every line of it put together anew: the plain way that the proxy's own writer
 * must agree with to the letter. Throws a ProxyError where the path would leave the server's base path.
 */
export function textRequestHead(
  request: IncomingRequest,
  parts: HeadParts,
  { host, basePath, authorization }: Destination,
): string {
  const { fields, body, target, edits } = parts;
  const { kinds } = fields;
  const dropsAliases = parts.policy.aliases !== "keep";
  const { transparent } = parts.policy;
  const nominated = nominatedNames(fields.connection);
  const reported: Reported = {
    forwardedFor: undefined,
    proto: undefined,
    host: undefined,
    forwarded: undefined,
    port: undefined,
    prefix: undefined,
  };
  if (basePath !== "" && climbs(pathOf(target))) throw leavesFolder("the base path of its server");
  let lengthSent = false;
  let hostSent = false;
  let wantsTrailers = false;
  let head = parts.method + " " + (target === "*" ? target : basePath + target) + " HTTP/1.1\r\n";
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i]!;
    const { role } = kind;
    if (role !== ROLE.none) {
      if (role === ROLE.host) {
        head += fields.name(i) + ": " + host + "\r\n";
        hostSent = true;
        continue;
      }
      if (role === ROLE.contentLength) {
        if (body !== null && body.length === undefined) continue;
        head += fields.name(i) + ": " + (body?.length ?? 0) + "\r\n";
        lengthSent = true;
        continue;
      }
      if (role === ROLE.te) {
        wantsTrailers ||= edits?.bare !== true && takesTrailers(fields.value(i));
        continue;
      }
      if (role === ROLE.trailer) {
        if (keepsTrailers(body)) head += trailerLine(fields.name(i), fields.value(i), parts, nominated);
        continue;
      }
      if (isIdentity(role) && !transparent) {
        note(reported, role, fields.value(i));
        if (role !== ROLE.forwardedOther || !believesXForwarded(request, parts.policy)) continue;
        if (kind.lower === PORT.lower) {
          reported.port = fields.value(i);
          continue;
        }
        if (kind.lower === PREFIX.lower && parts.prefix !== undefined) {
          reported.prefix = joined(reported.prefix, fields.value(i));
          continue;
        }
      }
    }
    if (kind.hopByHop || (dropsAliases && kind.alias)) continue;
    if (nominated !== undefined && nominated.has(kind.lower)) continue;
    if (edits !== undefined && edits.drops(kind)) continue;
    const value = role === ROLE.maxForwards && request.method === "OPTIONS"
      ? oneHopOn(fields.value(i))
      : fields.value(i);
    head += fields.name(i) + ": " + value + "\r\n";
  }
  if (!hostSent) head += "Host: " + host + "\r\n";
  if (body !== null && !lengthSent) {
    head += body.length === undefined
      ? "Transfer-Encoding: chunked\r\n"
      : "Content-Length: " + body.length + "\r\n";
  }
  if (parts.upgrade !== undefined) head += "Connection: Upgrade\r\nUpgrade: " + parts.upgrade + "\r\n";
  // An HTTP/1.0 client has no chunks to get them in.
  else if (wantsTrailers && request.head.minorVersion === 1) head += "Connection: TE\r\nTE: trailers\r\n";
  if (authorization !== undefined) head += "Proxy-Authorization: " + authorization + "\r\n";
  if (edits !== undefined) head += edits.lines(request);
  return head +
    (transparent || edits?.bare === true ? "" : identityLines(request, reported, parts)) +
    passedLines(request, parts) +
    "\r\n";
}

const PORT = fieldName("x-forwarded-port");
const PREFIX = fieldName("x-forwarded-prefix");

/** Names those of the announced fields that go on; nothing where none does. */
function trailerLine(
  name: string,
  value: string,
  { edits, policy }: HeadParts,
  nominated: ReadonlySet<string> | undefined,
): string {
  if (nominated?.has("trailer") === true) return "";
  const drops = edits?.dropsTrailer ?? droppedTrailers(policy);
  const announced = announcedTrailers(
    value,
    (kind) => nominated?.has(kind.lower) === true || drops?.(kind) === true,
  );
  return announced === undefined ? "" : fieldLine(name, announced);
}

/** Whether trailer fields that a client announces go on behind its body. */
function keepsTrailers(body: BodySource | null): boolean {
  return body !== null && body.length === undefined && body.losesTrailers !== true;
}

function note(reported: Reported, role: number, value: string): void {
  if (role === ROLE.forwardedFor) reported.forwardedFor = joined(reported.forwardedFor, value);
  else if (role === ROLE.forwardedProto) reported.proto = joined(reported.proto, value);
  else if (role === ROLE.forwardedHost) reported.host = joined(reported.host, value);
  else if (role === ROLE.forwarded) reported.forwarded = joined(reported.forwarded, value);
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : before + ", " + value;
}

/** Who asks, for the server: what a trusted proxy reported goes on, and of others at most the chain of addresses. */
function identityLines(
  request: IncomingRequest,
  reported: Reported,
  { policy, edits, prefix }: HeadParts,
): string {
  const { exchange } = request;
  const believed = believesXForwarded(request, policy);
  const proto = believedProto(request, policy, reported.proto);
  const host = (believed ? reported.host : exchange.reportedHost) ?? exchange.authority;
  let lines = "X-Forwarded-For: " + forwardedFor(request, reported.forwardedFor, policy) +
    "\r\nX-Forwarded-Proto: " + proto;
  if (host !== "") lines += "\r\nX-Forwarded-Host: " + host;
  // A route that sets or removes one of these has the last word on it.
  if (edits === undefined || !edits.drops(PORT)) {
    lines += "\r\nX-Forwarded-Port: " + (reported.port ?? portOf(host, proto));
  }
  if (prefix !== undefined && edits?.drops(PREFIX) !== true) {
    lines += "\r\nX-Forwarded-Prefix: " + (reported.prefix ?? "").replace(/\/$/, "") + prefix;
  }
  if (policy.sendsForwarded) {
    lines += "\r\nForwarded: " + forwarded(request, { ...reported, proto, host }, policy);
  }
  return lines + "\r\nX-Real-IP: " + (exchange.client || "unknown") +
    "\r\nX-Request-Id: " + exchange.requestId + "\r\n";
}

/** The port that the client asked: that of `host` where it has one, else what `proto` stands for. */
function portOf(host: string, proto: string): string {
  const port = host.includes(":") ? /:(\d{1,5})$/.exec(host)?.[1] : undefined;
  return port ?? (/^(?:http|ws)s/i.test(proto) ? "443" : "80");
}

/**
 * That the request came by here: without it, it could go round for ever. In Via (RFC 9110 §7.6.3), or where that does not
 * say our name in CDN-Loop (RFC 8586 §2), which says less and which servers do not go by.
 */
function passedLines({ head }: IncomingRequest, { policy, via }: HeadParts): string {
  const line = via === false ? "" : "Via: 1." + head.minorVersion + " " + via + "\r\n";
  return via === policy.name ? line : line + "CDN-Loop: " + policy.name + "\r\n";
}

function forwardedFor(
  { exchange }: IncomingRequest,
  chain: string | undefined,
  policy: IdentityPolicy,
): string {
  const address = exchange.peer.address || "unknown";
  if (!exchange.peerTrusted) return policy.keepsUntrustedChain && chain ? chain + ", " + address : address;
  if (policy.clientHeader === "x-forwarded-for") return chain ? chain + ", " + address : address;
  return exchange.client === exchange.peer.address ? address : exchange.client + ", " + address;
}

/** Goes on with a chain that is kept up in Forwarded, or begins one at the client. */
function forwarded({ exchange }: IncomingRequest, reported: Reported, policy: IdentityPolicy): string {
  const goesOn = exchange.peerTrusted && policy.clientHeader === "forwarded" &&
    reported.forwarded !== undefined && forwardedEntries(reported.forwarded) !== undefined;
  return (goesOn ? reported.forwarded + ", " : "") +
    "for=" + toForwardedNode(goesOn ? exchange.peer.address : exchange.client) +
    (reported.host ? ";host=" + toForwardedValue(reported.host) : "") +
    ";proto=" + toForwardedValue(reported.proto ?? "http");
}
