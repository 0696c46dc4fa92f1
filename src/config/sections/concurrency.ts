import type { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { requestKey } from "../values/request-key.ts";
import { positiveDuration, wholeNumber } from "../values/value-types.ts";
import { exemptClients, ipv6Prefix, maxKeys } from "./rate-limit.ts";
import { section } from "./section.ts";

/** How many requests of one key may be under way at once. */
export const concurrencySchema = section({
  /** Requests of one key at a time. @example 10 */
  limit: wholeNumber(1, 1_000_000),
  /** What is counted by itself. */
  by: requestKey.prefault("client"),
  /** Bits of an IPv6 address that are one client. */
  ipv6_prefix: ipv6Prefix.prefault(64),
  /** Requests of one key that may wait for others to end. */
  queue: wholeNumber(0, 100_000).prefault(0),
  /** How long they wait at most. */
  queue_timeout: positiveDuration.prefault("5s"),
  /** Clients that are not counted. */
  exempt: exemptClients.prefault([]),
  /** Keys that are counted by themselves at once; the others are counted together. */
  max_keys: maxKeys.prefault(100_000),
});

export type ConcurrencyConfig = Frozen<z.output<typeof concurrencySchema>>;
