import type { ActionConfig } from "../config/sections/action.ts";
import type { Condition } from "../config/condition/condition.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";

/** A line for each rule and route that denies by path where paths are compared as they came, so that others pass it. */
export function pathWarnings({ normalize, rules, routes }: FrontendConfig): string[] {
  if (normalize !== "off") return [];
  return [
    ...rules.filter((rule) => rule.if !== undefined && isAboutPath(rule.if.condition))
      .flatMap((rule) => warningOf(rule, `if ${rule.if!.text}`)),
    ...routes.filter(({ pathPrefix }) => pathPrefix !== "/")
      .flatMap((route) => warningOf(route, route.pathPrefix)),
  ];
}

function warningOf(action: ActionConfig, what: string): string[] {
  const does = denies(action) ? "denies" : letsIn(action) ? "lets clients in" : undefined;
  if (does === undefined) return [];
  return [
    `  warning: "${what}" ${does} by path, and normalize = "off": /./x, //x, /a/../x and /%78 are not /x to it`,
  ];
}

function denies({ respond }: ActionConfig): boolean {
  return respond !== undefined && (respond.status ?? 200) >= 400;
}

/** Also with `false`: what is open to all may be read as what is not. */
function letsIn({ access, auth }: ActionConfig): boolean {
  return access !== undefined || auth !== undefined;
}

function isAboutPath(condition: Condition): boolean {
  switch (condition.kind) {
    case "not":
      return isAboutPath(condition.term);
    case "all":
    case "any":
      return condition.terms.some(isAboutPath);
    case "inside":
      return false;
    default:
      return condition.subject === "path" || condition.subject === "path_prefix";
  }
}
