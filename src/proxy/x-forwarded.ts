import { type FieldName, fieldName, ROLE } from "../http/field-name.ts";
import { forwardedEntries, toForwardedNode, toForwardedValue } from "../http/forwarded.ts";
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
export interface IdentityParts {
  readonly policy: IdentityPolicy;
  /** What a route changes of the fields. */
  readonly edits: RequestEdits | undefined;
  /** What was taken off the front of the client's path, or undefined. */
  readonly prefix: string | undefined;
}

/**
 * Who asks, for the server: what a trusted proxy reported goes on, and of others at most the chain of addresses. The last
 * line lacks its end.
 */
export function identityLines(
  request: IncomingRequest,
  reported: Reported,
  { policy, edits, prefix }: IdentityParts,
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
  return lines + "\r\nX-Real-IP: " + (exchange.client || "unknown");
}

/** The port that the client asked: that of `host` where it has one, else what `proto` stands for. */
function portOf(host: string, proto: string): string {
  const port = host.includes(":") ? /:(\d{1,5})$/.exec(host)?.[1] : undefined;
  return port ?? (/^(?:http|ws)s/i.test(proto) ? "443" : "80");
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
