import { parseRouteHost } from "../../values/host.ts";
import type { Draft, DraftTable } from "../draft.ts";
import { ALWAYS, anyOf, isOneOf, notOf } from "../terms.ts";
import type { Directive } from "./parse.ts";
import type { Scope } from "./scope.ts";

/** The names of a server that hosts can be compared with; of the others a comment is left in `frontend`. */
export function readNames(scope: Scope, frontend: DraftTable, draft: Draft): string[] {
  const found = scope.own.filter(({ name }) => name === "server_name").flatMap((directive) =>
    directive.args.flatMap((name) => toHosts(name, directive, { frontend, draft }))
  );
  return [...new Set(found)];
}

function toHosts(
  name: string,
  { origin }: Directive,
  { frontend, draft }: { frontend: DraftTable; draft: Draft },
): string[] {
  if (name === "" || name === "_") return []; // for who asks no host, or none at all
  const lose = (why: string) => {
    draft.lose({ ...origin, text: `server_name ${name};` }, why, frontend);
    return [];
  };
  if (name.startsWith("~")) return lose("a regular expression; a rule may ask host ~ pattern");
  if (name.endsWith(".*")) return lose("a star at the end; a rule may ask host ~ ^name\\.");
  const hosts = name.startsWith(".") ? [name.slice(1), `*${name}`] : [name];
  try {
    return hosts.map(parseRouteHost);
  } catch {
    return lose("is no host name");
  }
}

/** The condition that a request is for these names and not for a narrower one of `others`. */
export function namesTerm(names: readonly string[], others: readonly string[]): string {
  const narrower = others.filter((other) =>
    names.some((name) => coversName(name, other) && !names.includes(other))
  );
  const own = isOneOf("host", names);
  return narrower.length === 0 ? own : `${own} && ${notOf(isOneOf("host", narrower))}`;
}

/** The condition of the server that takes what no other one does. */
export function restTerm(names: readonly string[], others: readonly string[]): string {
  if (others.length === 0) return ALWAYS;
  const rest = notOf(isOneOf("host", others));
  const claimed = names.filter((name) => others.some((other) => coversName(other, name)));
  return claimed.length === 0 ? rest : anyOf([isOneOf("host", claimed), rest]);
}

/** Whether `wide` is `*.example.com` and `name` one of these. */
export function coversName(wide: string, name: string): boolean {
  return wide.startsWith("*.") && name !== wide && name.endsWith(wide.slice(1));
}
