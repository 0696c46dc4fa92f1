import { isIPv4, isIPv6 } from "node:net";
import { isToken } from "./chars.ts";
import { trimBlanks } from "./list.ts";
import { type IpSet, normalIp } from "./ip.ts";

/**
 * The address of the client behind a chain of proxies: from the right, which is the part that our own peer wrote,
 * the first address that is not of a trusted proxy. Everything to the left of it may be made up.
 *
 * `chain` holds the addresses that proxies reported, the client's end first, as the field values have them; the
 * caller has made sure that `peer` is trusted. An entry that is no address ends the walk: the last hop that can be
 * vouched for stands in for the client.
 */
export function clientBehind(peer: string, chain: readonly string[], trusted: IpSet): string {
  const position = clientPosition(chain, trusted);
  return position === chain.length ? peer : addressOf(chain[position]!)!;
}

/** Position in `chain` of the entry that `clientBehind` believes; the length where it is none of them. */
export function clientPosition(chain: readonly string[], trusted: IpSet): number {
  let position = chain.length;
  while (position > 0) {
    const address = addressOf(chain[position - 1]!);
    if (address === undefined) break;
    position--;
    if (!trusted.has(address)) break;
  }
  return position;
}

/** One element of a Forwarded field: what one proxy says of the side that a request came in on. */
export interface ForwardedElement {
  /** The address, as written; empty where the element has none. */
  readonly node: string;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

/** The entries of an X-Forwarded-For, whose lines were joined by commas. */
export function forwardedForEntries(value: string): string[] {
  return value.split(",").map(trimBlanks);
}

/** The `for` of every element of a Forwarded field; see `forwardedElements`. */
export function forwardedEntries(value: string): string[] | undefined {
  return forwardedElements(value)?.map(({ node }) => node);
}

/**
 * The elements of a Forwarded field (RFC 7239 §4). Undefined where the field breaks the grammar: then nothing in it
 * can be believed.
 */
export function forwardedElements(value: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  const pairs = new Map<string, string>();
  let at = 0;
  for (;;) {
    at = skipBlanks(value, at);
    PAIR.lastIndex = at;
    const pair = PAIR.exec(value);
    if (pair !== null) {
      const name = pair[1]!.toLowerCase();
      // RFC 7239 §4: each parameter at most once in an element.
      if (!isToken(name) || pairs.has(name) || pairs.size === MAX_PAIRS) return undefined;
      pairs.set(name, unquote(pair[2]!));
      at = skipBlanks(value, at + pair[0].length);
    }
    const next = value[at++];
    if (next === ";") continue;
    if (next !== "," && next !== undefined) return undefined;
    if (pairs.size > 0) {
      elements.push({ node: pairs.get("for") ?? "", proto: pairs.get("proto"), host: pairs.get("host") });
    }
    if (next === undefined) return elements;
    pairs.clear();
  }
}

/** Parameters of one element; RFC 7239 has four. */
const MAX_PAIRS = 16;
const PAIR = /([^=;,"\s]+)=("(?:[^"\\]|\\.)*"|[^;,"\s]*)/y;

/** An address as the value of a Forwarded parameter: IPv6 in brackets, and so in quotes (RFC 7239 §6). */
export function toForwardedNode(address: string): string {
  if (isIPv4(address)) return address;
  return isIPv6(address) ? `"[${address}]"` : "unknown";
}

/** A text as a Forwarded parameter's value: as it is where it is a token, else quoted. */
export function toForwardedValue(text: string): string {
  return isToken(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80` as a plain address. */
function addressOf(entry: string): string | undefined {
  const [, v4, v6] = /^(?:(\d[\d.]*)|\[([\da-f:.]+)\])(?::\w{1,16})?$/i.exec(entry) ?? [];
  return normalIp(v4 ?? v6 ?? entry);
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}
