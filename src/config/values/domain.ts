import { isIP } from "node:net";
import { type IpBlock, parseIpBlock } from "../../http/ip.ts";
import { toHostName } from "./host.ts";
import { refuseValue } from "../problems/wording.ts";
import { suggest } from "../../base/suggest.ts";

/** What `parseDomain` accepts, in words, for error messages. */
export const DOMAIN_FORM =
  '"example.com", "*.example.com" or "suffix:example.com" for it and all below it, "domain:example.com" for it alone, an IP address, or a block such as "10.0.0.0/8"';

/** What one looks like; not every such text is a host. */
export const DOMAIN = /^\s*(?:domain:|suffix:\s*|\*)?\s*[\w.:\[\]/-]+\s*$/;

/** Which hosts of targets are meant, as plain data; `relay/domains.ts` makes a function of a list of them. */
export type DomainPattern =
  /** The host itself. */
  | { readonly kind: "exact"; readonly host: string }
  /** The host itself and whatever ends with a dot and it. */
  | { readonly kind: "below"; readonly host: string }
  /** Hosts that are addresses in this block; names are not looked up. */
  | { readonly kind: "address"; readonly block: IpBlock };

/**
 * Parses one entry of a list of domains; case, blanks around it and after its prefix, and a trailing dot do not count.
 *
 * `domain:X` is X alone; `suffix:X`, `suffix:.X`, `*.X`, `.X` and a plain `X` are X and all below it. Throws a `RangeError`
 * that says what is accepted.
 */
export function parseDomain(text: string): DomainPattern {
  const [, prefix = "", name = ""] =
    /^(domain:|suffix:\s*\.?|\*\.|\.)?\s*(.*?)\.?$/s.exec(text.trim().toLowerCase()) ?? [];
  const block = parseAddress(name);
  if (block !== undefined) return { kind: "address", block };
  const host = toHostName(name);
  if (host === undefined) throw new RangeError(refuseValue(text, DOMAIN_FORM, suggestHost(prefix, name)));
  return { kind: prefix === "domain:" ? "exact" : "below", host };
}

/** An address or a block, IPv6 in brackets or not. A zone means something on one machine only, so it is refused. */
function parseAddress(text: string): IpBlock | undefined {
  const bare = text.replace(/^\[([^\]]*:[^\]]*)\](?=\/|$)/, "$1");
  return bare.includes("%") ? undefined : parseIpBlock(bare);
}

/** A mistyped prefix, a scheme, a port, a path or letters beyond ASCII may be all that is wrong. */
function suggestHost(prefix: string, name: string): string | undefined {
  const [, word = "", rest = ""] = /^([a-z]+):\s*([^/]*)$/.exec(name) ?? [];
  const near = toHostName(rest) && suggest(word, ["domain", "suffix"]);
  if (near !== undefined && prefix === "") return `${near}:${rest}`;
  const url = name.includes("://") ? name : `http://${name}`;
  const host = toHostName(URL.canParse(url) ? new URL(url).hostname : "");
  return host === undefined || isIP(host) !== 0 ? undefined : prefix + host;
}
