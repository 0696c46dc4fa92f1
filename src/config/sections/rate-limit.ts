import { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { oneOrMore } from "../values/one-or-more.ts";
import { rate } from "../values/rate.ts";
import { requestKey } from "../values/request-key.ts";
import { storeUrl } from "../values/store-url.ts";
import { parseTrustedProxy, TRUSTED_PROXY, TRUSTED_PROXY_FORM } from "../values/trusted-proxy.ts";
import { choice, flag, list, parsed, positiveDuration, wants, wholeNumber } from "../values/value-types.ts";
import { section } from "./section.ts";

/** Keys that are counted at most, of one limit: more take hundreds of MB. */
const MOST_KEYS = 10_000_000;
const NAME_FORM = "visible ASCII characters without quotes and backslashes, up to 64";

/** Clients by their address, as in `trusted_proxies`. */
export const exemptClients = list(
  parsed(TRUSTED_PROXY_FORM, parseTrustedProxy, TRUSTED_PROXY),
  `a list of addresses, each ${TRUSTED_PROXY_FORM}`,
);

/** Different keys that are told apart at once. */
export const maxKeys = wholeNumber(1, MOST_KEYS);

/** Bits of an IPv6 address that are one client. */
export const ipv6Prefix = wholeNumber(1, 128);

const limitSchema = section({
  /** How many requests one key may make in the long run. */
  rate,
  /** How many at once after a quiet time; by default as many as `rate` counts. @example 20 */
  burst: wholeNumber(1, 1_000_000).exactOptional(),
  /** What has a bucket of its own. */
  by: requestKey.prefault("client"),
  /** Bits of an IPv6 address that are one client. */
  ipv6_prefix: ipv6Prefix.prefault(64),
  /** What answers and metrics call it; by default as `rate` is written. @example "burst" */
  name: z.string(wants(NAME_FORM)).regex(/^(?=.*[!-~])[ !#-\[\]-~]{1,64}$/, wants(NAME_FORM)).exactOptional(),
  /** Only counts what it would refuse. */
  dry_run: flag.prefault(false),
  /** Clients that are not counted. */
  exempt: exemptClients.prefault([]),
  /** Keys that have a bucket of their own at once; the others share some. */
  max_keys: maxKeys.prefault(100_000),
  /** Whether answers say what is left. */
  headers: flag.prefault(true),
  /** The Redis that buckets are in, for several proxies to share; without it they are in memory. */
  store: storeUrl.exactOptional(),
  /** A request waits no longer for it. */
  store_timeout: positiveDuration.prefault("100ms"),
  /** What happens without it: buckets of this proxy alone, everything passes, or nothing does. */
  on_store_failure: choice(["local", "open", "closed"]).prefault("local"),
});

/** How many requests may come in a time: all of these limits have to let one through. */
export const rateLimitSchema = oneOrMore(limitSchema, "rate, burst, by, …").superRefine((limits, context) => {
  const names = limits.map(nameOfLimit);
  names.forEach((name, i) => {
    if (names.indexOf(name) === i) return;
    context.addIssue({
      code: "custom",
      path: [i, "name"],
      message: `is ${
        JSON.stringify(name)
      }, as of a limit before; accepted: a name for each, by default its rate`,
    });
  });
  const stores = limits.flatMap(({ store }) => store === undefined ? [] : store.url);
  limits.forEach(({ store }, i) => {
    if (store === undefined || store.url === stores[0]) return;
    const message = "is another store than that of a limit before; accepted: one for all limits of a list";
    context.addIssue({ code: "custom", path: [i, "store"], message });
  });
});

/** One limit. */
export type LimitConfig = Frozen<z.output<typeof limitSchema>>;
export type RateLimitConfig = readonly LimitConfig[];

/** What a limit is called. */
export function nameOfLimit({ name, rate }: Pick<LimitConfig, "name" | "rate">): string {
  return name ?? rate.text;
}
