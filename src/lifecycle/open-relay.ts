import type { Log } from "../base/log.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import { isLoopback } from "../http/localhost.ts";
import { DEFAULT_RELAY } from "./relay-frontend.ts";

/** Bits before which IPv4 addresses stand among those of IPv6: a block of so many is one of every IPv4 address. */
const MAPPED_BITS = 96;

/** Whether a frontend is a forward proxy that everybody may use who reaches it, without a password, and others can. */
export function isOpenRelay({ mode, bind, relay = DEFAULT_RELAY, access, auth }: FrontendConfig): boolean {
  return mode === "relay" && access === undefined && auth === undefined &&
    Object.keys(relay.users).length === 0 &&
    relay.allowClients.some((entry) => entry !== "unix" && entry.some(isEverything)) &&
    bind.some((address) => address.kind === "tcp" && !isLoopback(address.host));
}

/** Warns of each relay that everybody may use. */
export function warnOfOpenRelays(frontends: readonly FrontendConfig[], log: Log): void {
  for (const frontend of frontends) {
    if (!isOpenRelay(frontend)) continue;
    const { name, bind } = frontend;
    log.warn("open_relay", { frontend: name, address: bind.map(({ text }) => text).join(", ") });
  }
}

function isEverything({ groups, bits }: { groups: readonly number[]; bits: number }): boolean {
  return bits === 0 || (bits === MAPPED_BITS && groups[5] === 0xffff);
}
