import type { ActionConfig } from "../config/sections/action.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import type { PathReader } from "./path-reader.ts";
import type { RouteRule } from "./router.ts";

/** The name of a rule, by which the next config knows it again: its condition. */
export function nameOfRule(rule: FrontendConfig["rules"][number]): string {
  return rule.if?.text ?? "always";
}

/** The name of a route: `a.example.com/v1`, `/v1` for any host, `/v1*` where it is compared letter by letter. */
export function nameOfRoute(
  { host = "", pathPrefix, prefixMatch }: FrontendConfig["routes"][number],
): string {
  return `${host}${pathPrefix}${prefixMatch === "raw" ? "*" : ""}`;
}

/** Who answers, in a word or two. */
export function leadsTo({ backend, split, redirect, respond }: ActionConfig): string {
  if (redirect !== undefined) return `redirect ${redirect.status}`;
  if (respond !== undefined) return `answer ${respond.status ?? 200}`;
  return backend ?? Object.keys(split ?? {}).join(", ");
}

/** A route as the router has it: its prefix as `paths` has paths. */
export function toRouteRule<T>(
  { host, pathPrefix, prefixMatch }: FrontendConfig["routes"][number],
  paths: PathReader,
  leadsTo: T,
): RouteRule<T> {
  const raw = prefixMatch === "raw";
  return { host, pathPrefix: raw ? paths.ofPrefix(pathPrefix) : paths.ofConfig(pathPrefix), raw, leadsTo };
}
