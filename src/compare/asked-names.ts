import type { Condition } from "../config/condition/condition.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";

/** What of requests the rules and splits of a frontend look at, besides method, host, path and client. */
export interface AskedNames {
  /** Headers, in lower case. */
  readonly headers: ReadonlySet<string>;
  readonly query: ReadonlySet<string>;
  readonly cookies: ReadonlySet<string>;
}

/** All that `frontends` ask for. */
export function askedNames(frontends: readonly FrontendConfig[]): AskedNames {
  const asked = { headers: new Set<string>(), query: new Set<string>(), cookies: new Set<string>() };
  const take = ({ subject, argument }: { subject: string; argument: string }) => {
    if (subject === "header") asked.headers.add(argument.toLowerCase());
    if (subject === "query") asked.query.add(argument);
    if (subject === "cookie") asked.cookies.add(argument);
  };
  for (const { rules, routes } of frontends) {
    for (const { if: condition, splitOn } of rules) {
      if (condition !== undefined) walk(condition.condition, take);
      if (typeof splitOn === "object") take(splitOn);
    }
    for (const { splitOn } of routes) if (typeof splitOn === "object") take(splitOn);
  }
  return asked;
}

function walk(condition: Condition, take: (test: { subject: string; argument: string }) => void): void {
  switch (condition.kind) {
    case "not":
      return walk(condition.term, take);
    case "all":
    case "any":
      return condition.terms.forEach((term) => walk(term, take));
    case "inside":
      return;
    default:
      take(condition);
  }
}
