import { ProxyError } from "../base/errors.ts";
import { isAuthority, readAuthority } from "./authority.ts";

const HAS_PORT = /:\d+$/;

/** A request target, taken apart only as far as its form (RFC 9112 §3.2). */
export interface RequestTarget {
  readonly form: "origin" | "absolute" | "authority" | "asterisk";
  /** Path and query, byte for byte; `*` in asterisk-form, empty in authority-form. */
  readonly path: string;
  /** `host[:port]` of absolute-form as written, but without an empty port; `host:port` in authority-form. */
  readonly authority: string | undefined;
  /** Scheme of an absolute-form, in lower case. */
  readonly scheme: "http" | "https" | undefined;
}

/**
 * Reads the target of a request. Its bytes are known to be visible ones (the codec refused the others).
 * @throws {ProxyError} `bad_request` for a form that does not belong to the method, another scheme, or an authority
 * that `readAuthority` refuses; with CONNECT also for an empty port (RFC 9110 §9.3.6).
 */
export function parseTarget(method: string, target: string): RequestTarget {
  if (method === "CONNECT") {
    if (!isAuthority(target)) throw new ProxyError("bad_request", "CONNECT needs host:port");
    // RFC 9110 §9.3.6 requires the port; clients that leave it out mean HTTPS, and the next proxy is told so.
    const authority = HAS_PORT.test(target) ? target : `${target}:443`;
    return { form: "authority", path: "", authority, scheme: undefined };
  }
  if (target.charCodeAt(0) === 0x2f) {
    return { form: "origin", path: target, authority: undefined, scheme: undefined };
  }
  if (target === "*") {
    if (method !== "OPTIONS") throw new ProxyError("bad_request", "Only OPTIONS takes the target *");
    return { form: "asterisk", path: "*", authority: undefined, scheme: undefined };
  }
  const match = /^(https?):\/\/([^/?]*)(.*)$/is.exec(target);
  const authority = match === null ? undefined : readAuthority(match[2]!);
  if (match === null || authority === undefined) {
    throw new ProxyError("bad_request", "The request target is neither a path nor an http URL");
  }
  const rest = match[3]!;
  return {
    form: "absolute",
    path: pathOf(method, rest),
    authority,
    scheme: match[1]!.toLowerCase() as "http" | "https",
  };
}

/** Whether two authorities name the same place: host without case, a missing port being the scheme's own. */
export function sameAuthority(a: string, b: string, scheme: "http" | "https"): boolean {
  return withPort(a, scheme) === withPort(b, scheme);
}

/** RFC 9112 §3.2.4: an OPTIONS for a URL without path and query is forwarded as `*`. */
function pathOf(method: string, rest: string): string {
  if (rest === "") return method === "OPTIONS" ? "*" : "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function withPort(authority: string, scheme: "http" | "https"): string {
  const lower = authority.toLowerCase();
  return /:\d+$/.test(lower.slice(lower.lastIndexOf("]") + 1))
    ? lower
    : `${lower}:${scheme === "http" ? 80 : 443}`;
}
