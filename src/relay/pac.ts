import type { DomainPattern } from "../config/values/domain.ts";
import { isAuthority, splitAuthority } from "../http/authority.ts";
import type { DomainPolicyMode } from "./domain-policy.ts";

export interface PacOptions {
  readonly policy: DomainPolicyMode;
  readonly patterns: readonly DomainPattern[];
  /** `host:port` of the relay as clients reach it, IPv6 in brackets; port 80 where it has none. */
  readonly proxy: string;
}

/**
 * The script by which browsers choose: `DIRECT` for what goes straight by the domain policy, and for names without a dot,
 * which are hosts of the client's own network; the relay for all else, and nothing in its place where it is away, as that
 * would be a way around it.
 *
 * The script is ECMAScript 3, as old systems run it, and asks for no name: a look-up would tell the network where somebody
 * goes. Throws a `TypeError` where `proxy` is no authority.
 */
export function pacFile({ policy, patterns, proxy }: PacOptions): string {
  if (!isAuthority(proxy)) {
    throw new TypeError(`Cannot write a PAC file: no authority: ${JSON.stringify(proxy)}`);
  }
  const way = `PROXY ${splitAuthority(proxy).port === undefined ? `${proxy}:80` : proxy}`;
  const names: Record<string, 1> = {};
  const blocks: [groups: readonly number[], bits: number][] = [];
  for (const pattern of policy === "off" ? [] : patterns) {
    if (pattern.kind === "address") blocks.push([pattern.block.groups, pattern.block.bits]);
    else names[(pattern.kind === "exact" ? "=" : ".") + pattern.host] = 1;
  }
  return `var LISTED = ${toScript(policy === "blacklist" ? "DIRECT" : way)};
var OTHERS = ${toScript(policy === "whitelist" ? "DIRECT" : way)};
// "=" before a name is that name, "." all below it as well.
var NAMES = ${toScript(names)};
// The eight groups of an IPv6 address, IPv4 in its mapped form, and how many of their bits count.
var BLOCKS = ${toScript(blocks)};
${FUNCTIONS}`;
}

/** The media type of what `pacFile` writes. */
export const PAC_TYPE = "application/x-ns-proxy-autoconfig";

/** A value as source text; letters that end a script or a line in some parsers are escaped. */
function toScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const FUNCTIONS = String.raw`
function FindProxyForURL(url, host) {
  host = host.toLowerCase().replace(/^\[|\]$/g, "").replace(/\.+$/, "");
  var groups = groupsOf(host);
  if (groups !== null) return isInside(groups) || isInside(ipv4Of(groups)) ? LISTED : OTHERS;
  if (host.indexOf(".") < 0) return "DIRECT";
  return isListed(host) ? LISTED : OTHERS;
}

function isListed(host) {
  if (NAMES.hasOwnProperty("=" + host)) return true;
  for (;;) {
    if (NAMES.hasOwnProperty("." + host)) return true;
    var dot = host.indexOf(".");
    if (dot < 0) return false;
    host = host.substring(dot + 1);
  }
}

function isInside(groups) {
  for (var i = 0; i < BLOCKS.length; i++) {
    var block = BLOCKS[i][0], bits = BLOCKS[i][1];
    if (bits < 96 && isMapped(groups) && !isMapped(block)) continue;
    for (var j = 0, left = bits; left > 0; j++, left -= 16) {
      var mask = left >= 16 ? 65535 : (65535 << (16 - left)) & 65535;
      if (((groups[j] ^ block[j]) & mask) !== 0) break;
    }
    if (left <= 0) return true;
  }
  return false;
}

// What NAT64 and 6to4 lead to.
function ipv4Of(groups) {
  var low = groups.slice(0, 6).join() === "100,65435,0,0,0,0" ? groups.slice(6) :
    groups[0] === 8194 ? groups.slice(1, 3) : null;
  return low === null ? groups : [0, 0, 0, 0, 0, 65535].concat(low);
}

function isMapped(groups) {
  return groups.slice(0, 6).join() === "0,0,0,0,0,65535";
}

function groupsOf(host) {
  var v4 = /^(.*:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  if (v4 !== null) {
    var low = (v4[2] * 256 + +v4[3]).toString(16) + ":" + (v4[4] * 256 + +v4[5]).toString(16);
    host = (v4[1] || "::ffff:") + low;
  }
  if (host.indexOf(":") < 0) return null;
  var halves = host.split("::"), head = numbersOf(halves[0]);
  if (halves.length < 2) return head;
  var tail = numbersOf(halves[1]);
  while (head.length + tail.length < 8) head.push(0);
  return head.concat(tail);
}

function numbersOf(text) {
  var parts = text === "" ? [] : text.split(":");
  for (var i = 0; i < parts.length; i++) parts[i] = parseInt(parts[i], 16);
  return parts;
}
`;
