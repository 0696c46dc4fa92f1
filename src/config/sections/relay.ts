import { z } from "zod";
import { isAuthority, splitAuthority } from "../../http/authority.ts";
import { type IpBlock, parseIpBlock } from "../../http/ip.ts";
import { DOMAIN, DOMAIN_FORM, parseDomain } from "../values/domain.ts";
import { realm, users } from "../values/users.ts";
import { choice, flag, list, parsed, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { refuseValue } from "../problems/wording.ts";
import { section } from "./section.ts";
import { parseTrustedProxy, TRUSTED_PROXY, TRUSTED_PROXY_FORM } from "../values/trusted-proxy.ts";
import { writtenAs } from "../values/written.ts";

const BLOCK_FORM = 'an IP address or a block such as "10.0.0.0/8"';
const PRIVATE_FORM = `true, false or a list of addresses, each ${BLOCK_FORM}`;
const ADDRESS_FORM =
  '"host:port" or "[v6]:port", as clients reach this frontend, with a port from 1 to 65535';

const PORTS_FORM = 'a list of ports, each from 1 to 65535, or "all"';

const ports = list(wholeNumber(1, 65_535), PORTS_FORM);

/** Every address there is. */
const EVERYWHERE = ["0.0.0.0/0", "::/0"];

const blocks = list(
  parsed(BLOCK_FORM, parseBlock, /^[\da-fA-F:.]+(?:\/\d{1,3})?$/),
  PRIVATE_FORM,
);

const domains = list(parsed(DOMAIN_FORM, parseDomain, DOMAIN), `a list of domains, each ${DOMAIN_FORM}`);

/** Which requests go by the parent proxies, and which straight to the target. */
const domainPolicySchema = section({
  /** All by the parents, all but the domains, or the domains alone. */
  mode: choice(["off", "blacklist", "whitelist"]).prefault("off"),
  /** The domains that this is about. */
  domains: domains.prefault([]),
});

/** What a frontend with `mode = "relay"` allows, and which way it goes. */
export const relaySchema = section({
  domain_policy: domainPolicySchema.prefault({}),
  /**
   * Password hashes by user; with none everybody is served who is an allowed client.
   * @example { ann = "${ANN_HASH}" }
   */
  users: users.prefault({}),
  /** What clients show to people whom they ask for a password. */
  realm: realm.prefault("sluice"),
  /** Who may use the relay at all. */
  allow_clients: list(
    parsed(TRUSTED_PROXY_FORM, parseTrustedProxy, TRUSTED_PROXY),
    `a list of addresses, each ${TRUSTED_PROXY_FORM}`,
  ).prefault(["private"]),
  /** Ports that CONNECT may ask for, or `"all"`; with none it is refused. */
  connect_ports: writtenAs(z.unknown().transform(readPorts), { either: ["all", ports] }).prefault([443]),
  /** Targets that are refused, whichever way they go. */
  deny: domains.prefault([]),
  /** Addresses that are not public and may be reached straight all the same; `true` for all of them. */
  allow_private: writtenAs(
    z.preprocess((written) => written === true ? EVERYWHERE : written === false ? [] : written, blocks),
    { either: [true, false, blocks] },
  ).prefault(false),
  /** Whether `/proxy.pac` tells browsers what goes by the relay. */
  pac: flag.prefault(false),
  /**
   * The relay's address in it; where it is left out, the host that the client asked.
   * @example "proxy.example.com:3128"
   */
  pac_address: parsed(ADDRESS_FORM, parseAddress, /^(?:\[[^\]]+\]|[^:\s/@]+):\d{1,5}$/).exactOptional(),
});

export type RelayConfig = Frozen<z.output<typeof relaySchema>>;

function parseBlock(text: string): IpBlock {
  const block = parseIpBlock(text);
  if (block !== undefined && !text.includes("%")) return block;
  throw new RangeError(refuseValue(text, BLOCK_FORM));
}

function parseAddress(text: string): string {
  if (isAuthority(text) && (splitAuthority(text).port ?? 0) > 0) return text.toLowerCase();
  throw new RangeError(refuseValue(text, ADDRESS_FORM));
}

/** The ports that tunnels may lead to, for people. */
export function describePorts({ connectPorts }: RelayConfig): string {
  return connectPorts === "all" ? connectPorts : connectPorts.join(", ") || "none";
}

function readPorts(written: unknown, context: z.RefinementCtx): readonly number[] | "all" {
  if (written === "all") return written;
  const result = ports.safeParse(written);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    context.issues.push({ ...issue, input: written } as z.core.$ZodRawIssue);
  }
  return z.NEVER;
}
