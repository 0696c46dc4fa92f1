import { Buffer } from "node:buffer";
import type { Output } from "../http1/output.ts";
import type { Peer } from "../message/exchange.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { IdentityPolicy } from "./identity.ts";
import { identityLines, type IdentityParts, type Reported } from "./x-forwarded.ts";

/** What the lines are made of besides the request. */
interface LastParts extends IdentityParts {
  readonly via: string | false;
}

/** Comes between the lines that say who asks and the request id, which differs each time. */
const NAMED = "\r\nX-Request-Id: ";

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
    output.text(identityLines(request, reported, parts) + NAMED);
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
    before: Buffer.from(identityLines(request, reported, parts) + NAMED, "latin1"),
    after: Buffer.from("\r\n" + passedLines(request, parts), "latin1"),
  };
  lastOf.set(peer, made);
  return made;
}

/**
 * That the request came by here: without it, it could go round for ever. In Via (RFC 9110 §7.6.3), or where that does not
 * say our name in CDN-Loop (RFC 8586 §2), which says less and which servers do not go by.
 */
function passedLines({ head }: IncomingRequest, { policy, via }: LastParts): string {
  const line = via === false ? "" : "Via: 1." + head.minorVersion + " " + via + "\r\n";
  return via === policy.name ? line : line + "CDN-Loop: " + policy.name + "\r\n";
}
