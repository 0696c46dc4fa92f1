import { ProxyError } from "../base/errors.ts";
import { readAuthority } from "../http/authority.ts";
import { ROLE } from "../http/field-name.ts";
import { hasMoreMembers } from "../http/list.ts";
import { clientBehind, clientPosition, forwardedElements, forwardedForEntries } from "../http/forwarded.ts";
import type { IpSet } from "../http/ip.ts";
import { timesLooped, timesVia } from "../http/via.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";

/** Whose word about a client is taken, and what clients may not say. */
export interface IdentityPolicy {
  /** Addresses of trusted proxies. */
  readonly trusted: IpSet;
  readonly trustsUnix: boolean;
  /** The one field in which trusted proxies report the client. */
  readonly clientHeader: "x-forwarded-for" | "forwarded";
  /** Whether the X-Forwarded-For of a peer that is not trusted is passed on, the peer's address added at its end. */
  readonly keepsUntrustedChain: boolean;
  /** What becomes of header names that pass for others, such as `X_Forwarded_For`. */
  readonly aliases: "drop" | "reject" | "keep";
  /** Whether servers get the field Forwarded (RFC 7239) as well. */
  readonly sendsForwarded: boolean;
  /** Whether servers see what clients say of themselves as it came, and nothing of ours but Via. */
  readonly transparent: boolean;
  /** Name of this proxy, by which it knows its own requests again. */
  readonly name: string;
  /** What Via calls it, in requests and answers; false where none is sent. */
  readonly via: string | false;
}

/**
 * Rounds after which a request that comes by again and again is refused. More than one, because proxies in a row
 * may have the same name.
 */
const MAX_PASSES = 4;
/** Members of the field that reports the client. No chain of proxies is as long, but a client may have begun it. */
const MAX_CHAIN = 256;

/**
 * Finds out who the client is and what the request is called, and writes both into its exchange.
 *
 * Throws a ProxyError: `loop_detected` for a request that was here before, `bad_request` for a refused name.
 */
export function identify(request: IncomingRequest, policy: IdentityPolicy): void {
  const { exchange } = request;
  const { fields } = request.head;
  if (fields.mayHaveAlias || fields.mayHave(ROLE.via) || fields.mayHave(ROLE.cdnLoop)) {
    lookAt(request, policy);
  }
  const { address, unix } = exchange.peer;
  exchange.peerTrusted = unix === true ? policy.trustsUnix : policy.trusted.has(address);
  if (exchange.peerTrusted) believe(request, policy);
}

/** Fields that only this proxy, or a trusted one, may set. Via is none: every proxy adds its own line. */
export function isIdentity(role: number): boolean {
  return role === ROLE.forwardedFor || role === ROLE.forwardedProto || role === ROLE.forwardedHost ||
    role === ROLE.forwardedOther || role === ROLE.forwarded || role === ROLE.realIp ||
    role === ROLE.requestId;
}

function lookAt({ head: { fields } }: IncomingRequest, policy: IdentityPolicy): void {
  let passes = 0;
  let aliased = false;
  for (let i = 0; i < fields.size; i++) {
    const { role, alias } = fields.kinds[i]!;
    if (role === ROLE.via) passes += timesVia(fields.value(i), policy.name);
    else if (role === ROLE.cdnLoop) passes += timesLooped(fields.value(i), policy.name);
    if (alias) aliased = true;
  }
  if (passes >= MAX_PASSES) {
    throw new ProxyError("loop_detected", `The request came by "${policy.name}" ${passes} times`);
  }
  if (aliased && policy.aliases === "reject") {
    throw new ProxyError("bad_request", "A header name holds more than letters, digits and hyphens");
  }
}

/** Writes down what the trusted peer reports of the client. */
function believe({ exchange, head }: IncomingRequest, { trusted, clientHeader }: IdentityPolicy): void {
  const { address } = exchange.peer;
  const value = head.fields.get(clientHeader);
  if (value === undefined) return;
  if (hasMoreMembers(value, MAX_CHAIN)) {
    throw new ProxyError("bad_request", `${clientHeader} names more than ${MAX_CHAIN} proxies`);
  }
  if (clientHeader === "x-forwarded-for") {
    exchange.client = clientBehind(address, forwardedForEntries(value), trusted);
    return;
  }
  const elements = forwardedElements(value) ?? [];
  const chain = elements.map(({ node }) => node);
  exchange.client = clientBehind(address, chain, trusted);
  const element = elements[clientPosition(chain, trusted)];
  const proto = element?.proto?.toLowerCase();
  if (proto === "http" || proto === "https") exchange.reportedProto = proto;
  if (element?.host !== undefined) exchange.reportedHost = readAuthority(element.host);
}

/**
 * Whether the X-Forwarded fields of a request are believed. Of two chains a trusted proxy keeps up one; the other it may
 * pass on as the client sent it.
 */
export function believesXForwarded({ exchange }: IncomingRequest, { clientHeader }: IdentityPolicy): boolean {
  return exchange.peerTrusted && clientHeader === "x-forwarded-for";
}

/**
 * The scheme of the client in the words of whoever is believed: `said` is the X-Forwarded-Proto of the request, which
 * counts where a trusted proxy keeps it up. Where nobody says it, it is the connection's.
 */
export function believedProto(
  request: IncomingRequest,
  policy: IdentityPolicy,
  said: string | undefined,
): string {
  const { exchange } = request;
  return (believesXForwarded(request, policy) ? said : exchange.reportedProto) ?? schemeOfPeer(request);
}

/** The scheme that the client used, as far as is known: what is believed where it is one that we know. */
export function schemeOf(request: IncomingRequest, policy: IdentityPolicy): "http" | "https" {
  const said = believedProto(request, policy, request.head.fields.get("x-forwarded-proto")).toLowerCase();
  return said === "http" || said === "https" ? said : schemeOfPeer(request);
}

function schemeOfPeer({ exchange }: IncomingRequest): "http" | "https" {
  return exchange.peer.secure ? "https" : "http";
}
