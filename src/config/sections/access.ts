import { list, parsed } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { parseTrustedProxy, TRUSTED_PROXY, TRUSTED_PROXY_FORM } from "../values/trusted-proxy.ts";
import { section } from "./section.ts";
import type { z } from "zod";

/** Clients by their address. */
export const clients = list(
  parsed(TRUSTED_PROXY_FORM, parseTrustedProxy, TRUSTED_PROXY),
  `a list of addresses, each ${TRUSTED_PROXY_FORM}`,
);

/** Which clients are let in, by their address; others are answered 403. */
export const accessSchema = section({
  /** Nobody but these; without it everybody. @example ["10.0.0.0/8"] */
  allow: clients.exactOptional(),
  /** These not, even where `allow` has them. */
  deny: clients.prefault([]),
});

export type AccessConfig = Frozen<z.output<typeof accessSchema>>;
