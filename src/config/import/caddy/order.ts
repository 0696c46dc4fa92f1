import type { CaddyDirective } from "./parse.ts";

/** The order in which Caddy goes through the directives of a block, whatever theirs in the file. */
const ORDER = `
  tracing map vars fs root log_append log_skip skip_log header copy_response_headers request_body redir method rewrite uri
  try_files basic_auth basicauth forward_auth request_header encode push intercept templates invoke handle handle_path
  route abort error copy_response respond metrics reverse_proxy php_fastcgi file_server acme_server
`.trim().split(/\s+/);

/** Directives in Caddy's order: by what they are, then those with the longer path first. */
export function inOrder(directives: readonly CaddyDirective[]): CaddyDirective[] {
  return directives.map((directive, i) => ({ directive, i, rank: rankOf(directive) }))
    .sort((a, b) => a.rank - b.rank || byPath(a.directive, b.directive) || a.i - b.i)
    .map(({ directive }) => directive);
}

/** `handle` and `handle_path` are of one group. */
function rankOf({ name }: CaddyDirective): number {
  const rank = ORDER.indexOf(name === "handle_path" ? "handle" : name === "basicauth" ? "basic_auth" : name);
  return rank === -1 ? ORDER.length : rank;
}

/** A path before none, and the longer one first. */
function byPath(a: CaddyDirective, b: CaddyDirective): number {
  const [one, other] = [pathOfMatcher(a), pathOfMatcher(b)];
  if (one === undefined && other === undefined) return Number(isForAll(a)) - Number(isForAll(b));
  if (one === undefined) return isForAll(a) ? 1 : 0;
  if (other === undefined) return isForAll(b) ? -1 : 0;
  return other.replace(/\*$/, "").length - one.replace(/\*$/, "").length ||
    Number(one.endsWith("*")) - Number(other.endsWith("*"));
}

function pathOfMatcher({ args: [first] }: CaddyDirective): string | undefined {
  return first?.startsWith("/") === true ? first : undefined;
}

function isForAll({ args: [first = ""] }: CaddyDirective): boolean {
  return !first.startsWith("/") && !first.startsWith("@");
}
