import { z } from "zod";
import { choice, list, parsed, textOr, wants } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { refuseValue } from "../problems/wording.ts";
import { section } from "./section.ts";

const PATTERN_FORM = "a regular expression of up to 1000 characters";
const REPLACEMENT_FORM = "a text of visible ASCII characters";
const RULES_FORM = "a table with pattern and replacement, or a list of such tables";

/** The source of a regular expression. */
export const pattern = parsed(PATTERN_FORM, (written) => {
  try {
    if (written.length <= 1000) return new RegExp(written).source;
  } catch {
    // Said below, in the words of all other messages.
  }
  throw new RangeError(refuseValue(written, PATTERN_FORM));
});

/** What is changed unasked: nothing, what names the server itself, or paths as well. */
const way = choice(["off", "server", "paths"]);

/** The first whose pattern is found replaces what it found, `$1` by its first group. */
const rules = z.preprocess(
  (written) => Array.isArray(written) ? written : [written],
  list(
    section({
      pattern,
      replacement: z.string(wants(REPLACEMENT_FORM)).regex(/^[!-~]*$/, wants(REPLACEMENT_FORM)),
    }),
    RULES_FORM,
    1,
  ),
);

/** What becomes of the addresses in answers: Location, Content-Location and Refresh. */
export const rewriteLocationSchema = textOr(way, rules);

/** What becomes of Domain and Path in the cookies of answers; one without a rule stays. */
export const rewriteCookiesSchema = textOr(
  way,
  section({ domain: rules.exactOptional(), path: rules.exactOptional() }),
);

/** What is replaced by what, in order. */
export type RewriteRules = Frozen<z.output<typeof rules>>;

export type RewriteLocation = Frozen<z.output<typeof rewriteLocationSchema>>;

export type RewriteCookies = Frozen<z.output<typeof rewriteCookiesSchema>>;
