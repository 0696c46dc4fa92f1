import { isIP } from "node:net";
import { IpSet, parseIpBlock } from "../http/ip.ts";

/**
 * Blocks that the IANA registries of special-purpose addresses (RFC 6890, updated by RFC 8190) reserve: all of IPv4, and
 * of IPv6 those inside 2000::/3. A few anycast addresses inside 192.0.0.0/24 and 2001::/23 are reachable from
 * everywhere; they are the next NAT or relay of whoever asks, so they stay closed.
 */
const SPECIAL = blocks([
  "0.0.0.0/8", // this network (RFC 791 §3.2)
  "10.0.0.0/8", // private use (RFC 1918)
  "100.64.0.0/10", // shared by the clients of a carrier (RFC 6598)
  "127.0.0.0/8", // loopback (RFC 1122 §3.2.1.3)
  "169.254.0.0/16", // link-local (RFC 3927), and where clouds tell a machine its secrets
  "172.16.0.0/12", // private use (RFC 1918)
  "192.0.0.0/24", // protocol assignments (RFC 6890 §2.1)
  "192.0.2.0/24", // documentation (RFC 5737)
  "192.88.99.0/24", // relays of 6to4, deprecated (RFC 7526)
  "192.168.0.0/16", // private use (RFC 1918)
  "198.18.0.0/15", // benchmarks (RFC 2544)
  "198.51.100.0/24", // documentation (RFC 5737)
  "203.0.113.0/24", // documentation (RFC 5737)
  "224.0.0.0/4", // multicast (RFC 1112 §4)
  "240.0.0.0/4", // reserved (RFC 1112 §4), with the broadcast address
  "2001::/23", // protocol assignments (RFC 2928): Teredo, benchmarks, ORCHID
  "2001:db8::/32", // documentation (RFC 3849)
  "3fff::/20", // documentation (RFC 9637)
]);

/**
 * Of IPv6 no other addresses are handed out for the Internet (IANA's registry of its address space). So
 * loopback, fc00::/7, fe80::/10, ff00::/8, 100::/64, 5f00::/16, 64:ff9b:1::/48 and all that is yet to come are closed.
 */
const UNICAST = blocks(["0.0.0.0/0", "2000::/3"]);

/**
 * Whether `address`, without brackets and in any spelling, is one of the public Internet. One that leads to an IPv4 address
 * is public where that address is. False for what is no address, and for one with a zone.
 */
export function isPublic(address: string): boolean {
  if (isIP(address) === 0 || address.includes("%")) return false;
  return !SPECIAL.has(address) && UNICAST.has(address);
}

function blocks(texts: readonly string[]): IpSet {
  return new IpSet(texts.map((text) => parseIpBlock(text)!));
}
