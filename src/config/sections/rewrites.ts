import { z } from "zod";
import { choice, list, parsed, textOr, wants } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { refuseValue } from "../problems/wording.ts";
import { section } from "./section.ts";
import { writtenAs } from "../values/written.ts";

const PATTERN_FORM = "a regular expression of up to 1000 characters";
const REPLACEMENT_FORM = "a text of visible ASCII characters";
const RULES_FORM = "a table with pattern and replacement, or a list of such tables";

/** The source of a regular expression. */
export const pattern = writtenAs(
  parsed(PATTERN_FORM, (written) => {
    try {
      if (written.length <= 1000) return new RegExp(written).source;
    } catch {
      // Said below, in the words of all other messages.
    }
    throw new RangeError(refuseValue(written, PATTERN_FORM));
  }),
  { format: "regex", pattern: /^[\s\S]{0,1000}$/ },
);

/** What is changed unasked: nothing, what names the server itself, or paths as well. */
const way = choice(["off", "server", "paths"]);

const replacement = section({
  /** What is looked for, a regular expression. @example "^https://([^/]+)/internal/" */
  pattern,
  /** What is put in its place: `$1` is what its first group found. @example "https://$1/" */
  replacement: z.string(wants(REPLACEMENT_FORM)).regex(/^[!-~]*$/, wants(REPLACEMENT_FORM)),
});
const replacements = list(replacement, RULES_FORM, 1);

/** The first whose pattern is found replaces what it found, `$1` by its first group. */
const rules = writtenAs(
  z.preprocess((written) => Array.isArray(written) ? written : [written], replacements),
  { either: [replacement, replacements] },
);

/** What becomes of the addresses in answers: Location, Content-Location and Refresh. */
export const rewriteLocationSchema = textOr(way, rules);

/** What becomes of Domain and Path in the cookies of answers; one without a rule stays. */
export const rewriteCookiesSchema = textOr(
  way,
  section({
    /** What becomes of Domain. */
    domain: rules.exactOptional(),
    /** What becomes of Path. */
    path: rules.exactOptional(),
  }),
);

/** What is replaced by what, in order. */
export type RewriteRules = Frozen<z.output<typeof rules>>;

export type RewriteLocation = Frozen<z.output<typeof rewriteLocationSchema>>;

export type RewriteCookies = Frozen<z.output<typeof rewriteCookiesSchema>>;
