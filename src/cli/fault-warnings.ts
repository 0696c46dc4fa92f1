import type { FaultConfig } from "../config/sections/fault.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import { describeFault } from "../proxy/fault.ts";
import { nameOfRoute, nameOfRule } from "../proxy/route-names.ts";

/** A line for each place where requests fail on purpose, which is for tests: it may have been left there. */
export function faultWarnings({ fault, rules, routes }: FrontendConfig): string[] {
  const places: readonly (readonly [string, FaultConfig | false | undefined])[] = [
    ["all requests", fault],
    ...rules.map((rule) => [`rule "${nameOfRule(rule)}"`, rule.fault] as const),
    ...routes.map((route) => [`route "${nameOfRoute(route)}"`, route.fault] as const),
  ];
  return places.flatMap(([place, config]) =>
    config === undefined || config === false
      ? []
      : [`  warning: faults are on for ${place}: ${describeFault(config)}`]
  );
}
