import { ALWAYS, escapePattern, fitsPattern, isOneOf } from "../terms.ts";
import type { Directive } from "./parse.ts";
import type { Scope } from "./scope.ts";
import { toPattern } from "../pattern.ts";

/** A location, or the whole of a server that has no other. */
export interface Location {
  readonly kind: "exact" | "prefix" | "regex" | "named";
  /** The path, the regular expression, or the name with its `@`. */
  readonly path: string;
  /** Whether the case of a regular expression does not count. */
  readonly ignoreCase: boolean;
  /** Whether no regular expression is asked where this prefix is the longest (`^~`). */
  readonly first: boolean;
  readonly scope: Scope;
  readonly directive: Directive;
}

/** The locations of a block; those inside others stand beside them, as far as that says the same. */
export function readLocations(scope: Scope, refuse: (directive: Directive, why: string) => void): Location[] {
  return scope.own.filter(({ name }) => name === "location").flatMap((directive) => {
    const location = readLocation(directive, scope);
    if (location.kind === "regex" && toPattern(location.path) === undefined) {
      refuse(directive, "the regular expression is none that JavaScript knows");
      return [];
    }
    const inner = readLocations(location.scope, refuse).filter((nested) => {
      if (nested.kind === "prefix" || nested.kind === "exact") return true;
      refuse(nested.directive, "a regular expression inside another location");
      return false;
    });
    return [location, ...inner];
  });
}

function readLocation(directive: Directive, outer: Scope): Location {
  const { args, block = [] } = directive;
  const scope = outer.inner(block);
  const [, operator, rest] = args.length > 1 ? [undefined, args[0]!, args[1]!] : glued(args[0] ?? "");
  const common = { scope, directive, ignoreCase: operator === "~*", first: operator === "^~" };
  if (operator === "=") return { ...common, kind: "exact", path: rest };
  if (operator === "~" || operator === "~*") return { ...common, kind: "regex", path: rest };
  return { ...common, kind: rest.startsWith("@") ? "named" : "prefix", path: rest };
}

/** nginx reads `=/x` as `= /x`. */
function glued(word: string): readonly [undefined, string, string] {
  const [, operator = "", rest = ""] = /^(=|\^~|~\*|~)?(.*)$/s.exec(word) ?? [];
  return [undefined, operator, rest];
}

/** The condition that a path meets which the location takes, other locations left aside. */
export function termOf({ kind, path, ignoreCase }: Pick<Location, "kind" | "path" | "ignoreCase">): string {
  if (kind === "exact") {
    return isPlainPath(path) ? isOneOf("path", [path]) : fitsPattern("path", `^${escapePattern(path)}$`);
  }
  if (kind === "regex") return fitsPattern("path", toPattern(path) ?? path, ignoreCase);
  if (path === "/" || path === "") return ALWAYS;
  // Prefixes of nginx are compared letter by letter; with a slash at the end that is the same as by segments.
  return path.endsWith("/") && isPlainPath(path)
    ? isOneOf("path_prefix", [path])
    : fitsPattern("path", `^${escapePattern(path)}`);
}

/** Whether a path may stand in a condition or a route as it is. */
export function isPlainPath(path: string): boolean {
  return /^\/[!"$->@-~]*$/.test(path) && !path.endsWith("*");
}
