import { isIPv4, isIPv6 } from "node:net";
import { normalIPv6 } from "../../http/ip.ts";
import { refuseValue } from "../problems/wording.ts";

const ROUTE_HOST_FORM = 'a host name without port, such as "api.example.com", or "*.example.com"';

/** What one looks like. */
export const ROUTE_HOST = /^(?:(?:\*\.)?[\w.-]+|\[[^\]]+\])$/;

/**
 * Parses the host of a route: lower case, no trailing dot; IPv6 keeps its brackets, as in a Host field.
 *
 * `"*.example.com"` stands for one or more labels in place of the star. Throws a `RangeError` that says what
 * is accepted.
 */
export function parseRouteHost(text: string): string {
  const [, star = "", name = ""] = /^(\*\.)?(.*)$/s.exec(text) ?? [];
  const v6 = star === "" ? toIPv6(/^\[(.*)\]$/.exec(name)?.[1] ?? "") : undefined;
  if (v6 !== undefined) return `[${v6}]`;
  const host = toHostName(name.replace(/\.$/, ""));
  if (host === undefined || (star !== "" && isIPv4(host))) {
    throw new RangeError(refuseValue(text, ROUTE_HOST_FORM));
  }
  return star + host;
}

/** What `parseHost` accepts, in words, for error messages. */
export const HOST_FORM = 'a host without port, such as "ops.example.com", "10.0.0.5" or "[::1]"';

/** What one looks like; not every such text is a host. */
export const HOST = /^(?:[\w.-]+|\[[^\]]+\])$/;

/** Parses a host as a Host field names it: lower case, no trailing dot, IPv6 in brackets. Throws a `RangeError`. */
export function parseHost(text: string): string {
  const v6 = toIPv6(/^\[(.*)\]$/.exec(text)?.[1] ?? "");
  const host = v6 === undefined ? toHostName(text.replace(/\.$/, "")) : `[${v6}]`;
  if (host === undefined) throw new RangeError(refuseValue(text, HOST_FORM));
  return host;
}

/** A host name or IPv4 address in lower case; `undefined` if `text` is neither. */
export function toHostName(text: string): string | undefined {
  const name = text.toLowerCase();
  if (isIPv4(name)) return name;
  const labels = name.split(".");
  // What ends in a number is a mistyped address, and parts of the system would read it as another address.
  const valid = name.length <= 253 && !/^\d+$/.test(labels.at(-1)!) &&
    labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  return valid ? name : undefined;
}

/** An IPv6 address in the one form that URLs write, without brackets; one with a zone stays as it is. */
export function toIPv6(text: string): string | undefined {
  return isIPv6(text) && text.includes("%") ? text : normalIPv6(text);
}
