import { ProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import { hostForMatching, splitAuthority } from "../http/authority.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { ErrorAnswers } from "../proxy/error-answer.ts";
import { unsettledBy } from "../proxy/client-response.ts";
import type { Course } from "../proxy/course.ts";
import { identify, type IdentityPolicy } from "../proxy/identity.ts";
import type { Access } from "./access.ts";
import type { Origins } from "./origins.ts";

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

/** Which way the requests of a relay go. Each step throws a ProxyError where the answer is no. */
export interface RelayDecision {
  /** Whether a request of this client is for another host; else it is for the relay itself. */
  admit(request: IncomingRequest): boolean;
  /** Where one goes whose user is known. */
  courseOf(request: IncomingRequest): Course;
}

export function createRelayDecision(
  { identity, access, parents, routeOf, origins }:
    & Pick<RelayParts, "identity" | "access" | "parents" | "routeOf">
    & {
      readonly origins: Pick<Origins, "of">;
    },
): RelayDecision {
  const unsettled = unsettledBy(identity);
  const throughParents = parents && { backend: parents, policy: identity, unsettled, relayTarget };
  return {
    admit(request) {
      identify(request, identity);
      access.checkClient(request);
      // A parent might show the client what it was sent, our credentials with it (RFC 9110 §9.3.8).
      if (request.method === "TRACE") throw new ProxyError("method_not_allowed", "TRACE is not served here");
      const { form } = request.head.target;
      return form !== "origin" && form !== "asterisk";
    },
    courseOf(request) {
      const target = targetOf(request);
      access.checkTarget(request.method, target);
      if (throughParents !== undefined && routeOf(target.host) === "parent") return throughParents;
      access.checkStraight(target.host);
      return { backend: origins.of(target.scheme, target.authority), policy: identity, unsettled };
    },
  };
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
