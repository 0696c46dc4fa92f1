import { isIPv4 } from "node:net";
import { normalIp } from "../http/ip.ts";

/**
 * The address that a host stands for without being looked up, in its normal form; undefined for a name. `host` is as
 * `hostForMatching` gives it, or an address that was dialled, without brackets.
 *
 * Resolvers read `127.1`, `0x7f000001` and `2130706433` as addresses as well, and so does this: a rule about an address
 * must not be evaded by another spelling of it.
 */
export function literalAddress(host: string): string | undefined {
  if (host.includes(":")) return normalIp(host.replace(/^\[(.*)\]$/, "$1"));
  if (!ENDS_IN_NUMBER.test(host)) return undefined;
  if (isIPv4(host)) return host;
  // The URL parser knows all spellings (https://url.spec.whatwg.org/#concept-ipv4-parser).
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : undefined;
}

const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[\da-f]*)$/;
