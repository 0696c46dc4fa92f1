import type { DomainPattern } from "../config/values/domain.ts";
import { ipv4sIn } from "../http/embedded-ipv4.ts";
import { type IpBlock, IpSet } from "../http/ip.ts";
import { literalAddress } from "./literal-address.ts";

/**
 * Makes a function that tells whether one of `patterns` means a host. The host is as `hostForMatching` gives it, or an
 * address that its name stands for. A lookup takes a step for each label of the host, however many patterns there are.
 */
export function compileDomains(patterns: readonly DomainPattern[]): (host: string) => boolean {
  return compile(patterns, (blocks) => new IpSet(blocks));
}

/** As `compileDomains`, for hosts that are refused: an IPv6 address is one where an IPv4 address that it may lead to is listed. */
export function compileDeniedDomains(patterns: readonly DomainPattern[]): (host: string) => boolean {
  return compile(patterns, (blocks) => new IpSet(blocks, ipv4sIn));
}

function compile(
  patterns: readonly DomainPattern[],
  addressesIn: (blocks: readonly IpBlock[]) => IpSet,
): (host: string) => boolean {
  const exact = new Set<string>();
  const below = new Set<string>();
  const blocks: IpBlock[] = [];
  for (const pattern of patterns) {
    if (pattern.kind === "address") blocks.push(pattern.block);
    else (pattern.kind === "exact" ? exact : below).add(pattern.host);
  }
  const addresses = addressesIn(blocks);

  return function matchesDomain(host) {
    const name = host.endsWith(".") ? host.replace(/\.+$/, "") : host;
    const address = literalAddress(name);
    return address === undefined ? exact.has(name) || hasSuffix(below, name) : addresses.has(address);
  };
}

function hasSuffix(suffixes: ReadonlySet<string>, name: string): boolean {
  for (let rest = name;;) {
    if (suffixes.has(rest)) return true;
    const dot = rest.indexOf(".");
    if (dot === -1) return false;
    rest = rest.slice(dot + 1);
  }
}
