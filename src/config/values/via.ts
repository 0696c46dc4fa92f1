import { z } from "zod";
import { wants } from "./value-types.ts";

/** What this proxy is called where nothing else is said. */
export const DEFAULT_NAME = "sluice";

const VIA_FORM = 'a token, such as "sluice", or false';

/**
 * A name for the Via field: a pseudonym in place of the host (RFC 9110 §7.6.3). `false` sends no Via, also as a text:
 * that is how it comes from a variable, and nobody's name.
 */
export const viaName = z.preprocess(
  (written) => written === "false" ? false : written,
  z.union(
    [z.literal(false), z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, wants(VIA_FORM))],
    wants(VIA_FORM),
  ),
);
