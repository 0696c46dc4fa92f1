import { Buffer } from "node:buffer";
import { type FieldName, fieldName, ROLE } from "../http/field-name.ts";
import { forwardedEntries, toForwardedNode, toForwardedValue } from "../http/forwarded.ts";
import type { Output } from "../http1/output.ts";
import type { Peer } from "../message/exchange.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { believedProto, believesXForwarded, type IdentityPolicy } from "./identity.ts";
import type { RequestEdits } from "./shape.ts";

const PORT = fieldName("x-forwarded-port");
const PREFIX = fieldName("x-forwarded-prefix");

/** What proxies in front of this one said about the client, as far as it is passed on. */
export class Reported {
  forwardedFor: string | undefined;
  proto: string | undefined;
  host: string | undefined;
  forwarded: string | undefined;
  port: string | undefined;
  prefix: string | undefined;

  /** Takes the value of a line of `role`. */
  note(role: number, value: string): void {
    if (role === ROLE.forwardedFor) this.forwardedFor = joined(this.forwardedFor, value);
    else if (role === ROLE.forwardedProto) this.proto = joined(this.proto, value);
    else if (role === ROLE.forwardedHost) this.host = joined(this.host, value);
    else if (role === ROLE.forwarded) this.forwarded = joined(this.forwarded, value);
  }

  /** Takes the value of another X-Forwarded line if it is one that is written anew; false for those that go on as they are. */
  noteOther({ lower }: FieldName, value: string, hasPrefix: boolean): boolean {
    if (lower === PORT.lower) this.port = value;
    else if (lower === PREFIX.lower && hasPrefix) this.prefix = joined(this.prefix, value);
    else return false;
    return true;
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : before + ", " + value;
}

/** What the lines are made of besides the request. */
interface LastParts {
  readonly policy: IdentityPolicy;
  readonly edits: RequestEdits | undefined;
  readonly prefix: string | undefined;
  readonly via: string | false;
}

/** What is the same in every request of a client that asks one host. */
interface Prepared {
  readonly policy: IdentityPolicy;
  readonly authority: string;
  readonly via: string | false;
  readonly minorVersion: 0 | 1;
  /** What goes before the request id, and what after it. */
  readonly before: Buffer;
  readonly after: Buffer;
}

/** What was prepared for the last request of a connection: the next one is nearly always alike. */
const lastOf = new WeakMap<Peer, Prepared>();

/**
 * Writes what comes last in a head: who asks, where anything is `reported` of it at all, what the request is called, and
 * that it came by here.
 */
export function writeLastLines(
  output: Output,
  request: IncomingRequest,
  reported: Reported | undefined,
  parts: LastParts,
): void {
  if (reported === undefined) return output.text(passedLines(request, parts));
  const { requestId } = request.exchange;
  if (isPlain(request, reported, parts)) {
    const { before, after } = preparedFor(request, reported, parts);
    output.bytes(before);
    output.text(requestId);
    output.bytes(after);
  } else {
    output.text(identityLines(request, reported, parts));
    output.text(requestId);
    output.text("\r\n" + passedLines(request, parts));
  }
}

/** Whether what is said of the client depends on nothing but its connection and the host that it asks. */
function isPlain({ exchange }: IncomingRequest, { forwardedFor }: Reported, parts: LastParts): boolean {
  const { policy } = parts;
  return !exchange.peerTrusted && !policy.sendsForwarded && parts.edits === undefined &&
    parts.prefix === undefined &&
    exchange.client === exchange.peer.address && exchange.reportedHost === undefined &&
    exchange.reportedProto === undefined && (forwardedFor === undefined || !policy.keepsUntrustedChain);
}

function preparedFor(request: IncomingRequest, reported: Reported, parts: LastParts): Prepared {
  const { peer, authority } = request.exchange;
  const { minorVersion } = request.head;
  const { policy, via } = parts;
  const last = lastOf.get(peer);
  if (
    last !== undefined && last.policy === policy && last.authority === authority && last.via === via &&
    last.minorVersion === minorVersion
  ) return last;
  const made: Prepared = {
    policy,
    authority,
    via,
    minorVersion,
    before: Buffer.from(identityLines(request, reported, parts), "latin1"),
    after: Buffer.from("\r\n" + passedLines(request, parts), "latin1"),
  };
  lastOf.set(peer, made);
  return made;
}

/**
 * Who asks, for the server: what a trusted proxy reported goes on, and of others at most the chain of addresses. The request
 * id, which differs each time, follows.
 */
function identityLines(
  request: IncomingRequest,
  reported: Reported,
  { policy, edits, prefix }: LastParts,
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
    lines += "\r\nForwarded: " + forwarded(request, reported.forwarded, { proto, host }, policy);
  }
  return lines + "\r\nX-Real-IP: " + (exchange.client || "unknown") + "\r\nX-Request-Id: ";
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
function passedLines({ head }: IncomingRequest, { policy, via }: LastParts): string {
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
function forwarded(
  { exchange }: IncomingRequest,
  chain: string | undefined,
  { proto, host }: { proto: string; host: string },
  policy: IdentityPolicy,
): string {
  const goesOn = exchange.peerTrusted && policy.clientHeader === "forwarded" &&
    chain !== undefined && forwardedEntries(chain) !== undefined;
  return (goesOn ? chain + ", " : "") +
    "for=" + toForwardedNode(goesOn ? exchange.peer.address : exchange.client) +
    (host ? ";host=" + toForwardedValue(host) : "") +
    ";proto=" + toForwardedValue(proto);
}
