import { isIPv6 } from "node:net";
import { copyOf } from "./copied-text.ts";
import { consistsOf, DIGIT, HOST_NAME } from "./chars.ts";
import { normalIPv6 } from "./ip.ts";

/** Authorities that were found valid, so that the host of every request is not read anew. Bounded. */
const MAX_REMEMBERED = 1024;
const remembered = new Set<string>();

/**
 * Whether `text` is `host` or `host:port` in the form the proxy accepts from a client: a name of unreserved
 * characters, an IPv4 address or an IPv6 address in brackets, and a port from 0 to 65535.
 *
 * Narrower than RFC 3986 §3.2 on purpose: user information, escapes and sub-delimiters (a comma joins two Host lines)
 * are refused, because programs behind the proxy disagree about them; so is an empty port, see `readAuthority`.
 */
export function isAuthority(text: string): boolean {
  if (remembered.has(text)) return true;
  if (!check(text)) return false;
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.add(copyOf(text));
  return true;
}

/**
 * What a client or another proxy wrote as an authority, in the form that `isAuthority` accepts; undefined where it is
 * none. An empty port (`name:`) is valid, means the default port and goes no further (RFC 3986 §6.2.3).
 */
export function readAuthority(text: string): string | undefined {
  if (!text.endsWith(":")) return isAuthority(text) ? text : undefined;
  const host = text.slice(0, -1);
  return portColon(host) === -1 && isAuthority(host) ? host : undefined;
}

/** Host and port of an authority that `isAuthority` accepted; an IPv6 address without its brackets. */
export function splitAuthority(text: string): { host: string; port: number | undefined } {
  const colon = portColon(text);
  const host = colon === -1 ? text : text.slice(0, colon);
  return {
    host: host.startsWith("[") ? host.slice(1, -1) : host,
    port: colon === -1 ? undefined : Number(text.slice(colon + 1)),
  };
}

let lastAuthority = "";
let lastHost = "";

/**
 * The host of an authority for comparison: no port, lower case, no trailing dot; an IPv6 address in brackets and in
 * the one form that URLs write. Remembers the last answer, as many rules ask about one request.
 */
export function hostForMatching(authority: string): string {
  if (authority !== lastAuthority) {
    lastHost = authority.startsWith("[") ? addressForMatching(authority) : nameForMatching(authority);
    lastAuthority = authority;
  }
  return lastHost;
}

function addressForMatching(authority: string): string {
  const { host } = splitAuthority(authority);
  return `[${normalIPv6(host) ?? host.toLowerCase()}]`;
}

function nameForMatching(authority: string): string {
  const host = splitAuthority(authority).host.toLowerCase();
  return host.length > 1 && host.endsWith(".") ? host.slice(0, -1) : host;
}

function check(text: string): boolean {
  const colon = portColon(text);
  if (colon !== -1) {
    const port = text.slice(colon + 1);
    if (port.length > 5 || !consistsOf(port, DIGIT) || Number(port) > 65_535) return false;
  }
  const host = colon === -1 ? text : text.slice(0, colon);
  if (host.length > 255) return false;
  if (host.startsWith("[")) return host.endsWith("]") && isIPv6(host.slice(1, -1)) && !host.includes("%");
  return consistsOf(host, HOST_NAME);
}

function portColon(text: string): number {
  const colon = text.lastIndexOf(":");
  return colon > text.lastIndexOf("]") ? colon : -1;
}
