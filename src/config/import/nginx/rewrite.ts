import type { DraftTable } from "../draft.ts";
import { ALWAYS, fitsPattern } from "../terms.ts";
import type { Directive } from "./parse.ts";
import { toPattern } from "../pattern.ts";
import { toTemplate } from "./variables.ts";

/** A `rewrite`, as far as we can say the same. */
export type Rewrite =
  | { readonly kind: "unknown"; readonly why: string }
  | {
    readonly kind: "redirect";
    readonly term: string;
    readonly to: string;
    readonly status: number;
    readonly dropsQuery: boolean;
  }
  | {
    readonly kind: "path";
    readonly term: string;
    /** Keys of an action. */
    readonly change: DraftTable;
    /** What the new path begins with, and whether that is all of it. */
    readonly front: string;
    readonly whole: boolean;
    /** Whether a location is not looked for again (`break`). */
    readonly stays: boolean;
  };

/** Reads `rewrite pattern replacement flag`. */
export function readRewrite({ args: [source = "", replacement = "", flag] }: Directive): Rewrite {
  const pattern = toPattern(source);
  if (pattern === undefined) {
    return { kind: "unknown", why: "the regular expression is none that JavaScript knows" };
  }
  const takesAll = /^(?:\^|\^?\/?\(?\.\*\)?\$?)$/.test(source);
  const term = takesAll ? ALWAYS : fitsPattern("path", pattern);
  const bare = replacement.replace(/\?$/, "");
  const dropsQuery = bare !== replacement;
  if (flag === "permanent" || flag === "redirect" || /^(?:https?:\/\/|\$scheme)/.test(replacement)) {
    const status = flag === "permanent" ? 301 : 302;
    const whole = dropsQuery ? "$uri" : "$request_uri";
    const filled = takesAll ? bare.replace(source.includes("/(") ? /\/\$1$/ : /\$1$/, whole) : bare;
    const to = /\$\d/.test(filled) ? undefined : toTemplate(filled);
    if (to === undefined) {
      return { kind: "unknown", why: "redirects of Sluice hold no parts of what a pattern found" };
    }
    return { kind: "redirect", term, to, status, dropsQuery: !dropsQuery && !to.includes("{uri}") };
  }
  if (/\$(?!\d)/.test(bare) || !/^\/[!-"$-~]*$/.test(bare)) {
    return { kind: "unknown", why: "the new path holds variables" };
  }
  const change: DraftTable = { rewrite_path: { pattern: wholePath(pattern), replacement: bare } };
  if (dropsQuery) change["forward_query"] = false;
  const front = /^[^$?]*/.exec(bare)![0];
  return { kind: "path", term, change, front, whole: !bare.includes("$"), stays: flag === "break" };
}

/** nginx replaces the whole path, wherever in it the pattern was found. */
function wholePath(pattern: string): string {
  const core = /\|/.test(pattern) ? `(?:${pattern})` : pattern;
  return (core.startsWith("^") ? "" : "^.*?") + core + (core.endsWith("$") ? "" : ".*$");
}
