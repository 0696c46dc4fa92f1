import type { z } from "zod";
import { size, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";

/** What one client, or all of them together, may take up. */
export const limitsSchema = section({
  /** Start line and header fields of one message together; more is answered 431. */
  header_size: size.prefault("32KiB"),
  /** Header fields of one message; more is answered 431. */
  header_count: wholeNumber(1).prefault(100),
  /** The request target; a longer one is answered 414. */
  target_size: size.prefault("16KiB"),
  /** Body of one request; more is answered 413. No limit where it is left out. @example "10MB" */
  body_size: size.exactOptional(),
  /**
   * Downstream connections open at a time in the whole process; 0 is no limit. Where it is left out, as many as the limit
   * of open files allows.
   * @example 10_000
   */
  max_connections: wholeNumber(0).exactOptional(),
  /**
   * Of these, connections of one client: an IPv4 address, or the /64 of an IPv6 one; 0 is no limit. It does not hold for
   * trusted proxies. Off by default, as behind an address there may be a whole company, or a carrier's customers.
   */
  max_connections_per_client: wholeNumber(0).prefault(0),
});

export type LimitsConfig = Frozen<z.output<typeof limitsSchema>>;
