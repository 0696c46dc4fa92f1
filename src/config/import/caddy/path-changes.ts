import type { DraftTable } from "../draft.ts";
import { toPattern } from "../pattern.ts";
import { escapePattern } from "../terms.ts";
import type { CaddyDirective } from "./parse.ts";
import { hasPlaceholders } from "./placeholders.ts";

/** What `method`, `rewrite` and `uri` change of a request; undefined for other directives. */
export function readPathChange(
  { name }: CaddyDirective,
  args: readonly string[],
): { readonly keys: DraftTable } | { readonly why: string } | undefined {
  const [first = "", second = "", third = ""] = args;
  if (name === "method") return { keys: { method: first } };
  if (name === "rewrite") return rewriteTo(first);
  if (name !== "uri") return undefined;
  switch (first) {
    case "strip_prefix":
      return { keys: { strip_prefix: second.replace(/\/$/, "") } };
    case "strip_suffix":
      return { keys: { rewrite_path: { pattern: `${escapePattern(second)}$`, replacement: "" } } };
    case "replace":
      return third === "" || /[\s#{}]/.test(third) ? { why: "what stands in its place is none of ours" } : {
        keys: {
          rewrite_path: { pattern: escapePattern(second), replacement: third.replaceAll("$", "$$$$") },
        },
      };
    case "path_regexp": {
      const pattern = toPattern(second);
      return pattern === undefined || /[\s#{}]/.test(third)
        ? { why: "the pattern, or what stands in its place, is none of ours" }
        : { keys: { rewrite_path: { pattern, replacement: third } } };
    }
    default:
      return { why: "Sluice has nothing like it" };
  }
}

function rewriteTo(to: string): { readonly keys: DraftTable } | { readonly why: string } {
  const [, front] = /^(\/[^{}?]*)\{(?:uri|path|http\.request\.uri|http\.request\.uri\.path)\}$/.exec(to) ??
    [];
  if (front !== undefined) return { keys: { add_prefix: front.replace(/\/$/, "") || "/" } };
  if (/^\/[!-"$-~]*$/.test(to) && !hasPlaceholders(to)) {
    // What Caddy puts in place has no query but its own.
    return { keys: { replace_path: to, ...(to.includes("?") && { forward_query: false }) } };
  }
  return { why: "the new path holds parts of the request" };
}
