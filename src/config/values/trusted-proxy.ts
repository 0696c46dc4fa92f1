import { type IpBlock, IpSet, parseIpBlock } from "../../http/ip.ts";
import { refuseValue } from "../problems/wording.ts";
import { suggest } from "../../base/suggest.ts";

/** What `parseTrustedProxy` accepts, in words, for error messages. */
export const TRUSTED_PROXY_FORM = 'an IP address, a block such as "10.0.0.0/8", "private" or "unix"';

/** What an entry looks like; not every such text is an address. */
export const TRUSTED_PROXY = /^(?:private|unix|[\da-fA-F:.]+(?:%[^/]+)?(?:\/\d{1,3})?)$/;

const PRIVATE = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1",
  "fc00::/7",
].map((text) => parseIpBlock(text)!);

/** Who is trusted: blocks of addresses, or every peer on a unix socket. */
export type TrustedProxy = readonly IpBlock[] | "unix";

/** Parses one entry of `trusted_proxies`. `private` is loopback and the private ranges. Throws a `RangeError`. */
export function parseTrustedProxy(text: string): TrustedProxy {
  if (text === "unix") return text;
  if (text === "private") return PRIVATE;
  const block = parseIpBlock(text);
  if (block !== undefined) return [block];
  throw new RangeError(refuseValue(text, TRUSTED_PROXY_FORM, suggest(text, ["private", "unix"])));
}

/** Whether a client is one of `list`; one that comes by a unix socket has no address. */
export function clientsIn(list: readonly TrustedProxy[]): (client: string) => boolean {
  const blocks = new IpSet(list.flatMap((entry) => entry === "unix" ? [] : entry));
  const unix = list.includes("unix");
  return (client) => client === "" ? unix : blocks.has(client);
}
