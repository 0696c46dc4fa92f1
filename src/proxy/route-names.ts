import { type ActionConfig, ANSWER_KEYS, CHANGE_KEYS } from "../config/sections/action.ts";
import { toCamelCase } from "../config/sections/section.ts";
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

/** Where an action leads and what it changes on the way, as a text: two with the same do the same with a request. */
export function courseOfAction(action: ActionConfig): string {
  const keys = [...ANSWER_KEYS, ...CHANGE_KEYS].map(toCamelCase).filter((key) => action[key] !== undefined);
  return JSON.stringify(
    keys.map((key) => [key, action[key]]),
    (_, value) => value instanceof RegExp ? String(value) : value,
  );
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
