import type { ActionConfig } from "../config/sections/action.ts";
import type { Condition } from "../config/condition/condition.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";

/** A line for each rule and route that denies by path where paths are compared as they came, so that others pass it. */
export function pathWarnings({ normalize, rules, routes }: FrontendConfig): string[] {
  if (normalize !== "off") return [];
  const denying = [
    ...rules.filter((rule) => denies(rule) && rule.if !== undefined && isAboutPath(rule.if.condition))
      .map((rule) => `if ${rule.if!.text}`),
    ...routes.filter((route) => denies(route) && route.pathPrefix !== "/").map(({ pathPrefix }) =>
      pathPrefix
    ),
  ];
  return denying.map((what) =>
    `  warning: "${what}" denies by path, and normalize = "off": /./x, //x, /a/../x and /%78 are not /x to it`
  );
}

function denies({ respond }: ActionConfig): boolean {
  return respond !== undefined && (respond.status ?? 200) >= 400;
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
