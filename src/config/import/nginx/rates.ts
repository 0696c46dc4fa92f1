import type { Draft, DraftTable } from "../draft.ts";
import type { Directive } from "./parse.ts";
import type { Scope } from "./scope.ts";

/** What `limit_req` and `limit_conn` count by, in our words. */
const KEYS: Readonly<Record<string, string>> = {
  $binary_remote_addr: "client",
  $remote_addr: "client",
  $server_name: "route",
  $host: "header(host)",
  $http_host: "header(host)",
};

/** Puts the limits of rates and of requests under way into `action`. */
export function fillRates(action: DraftTable, scope: Scope, draft: Draft): void {
  const limits = scope.findAll(["limit_req"]).map((directive) => ({
    directive,
    limit: toLimit(directive, scope),
  }));
  const known = limits.filter(({ limit }) => limit !== undefined).map(({ limit }) => limit!);
  for (const { directive: { origin, args }, limit } of limits) {
    if (limit === undefined) draft.lose(origin, "its zone counts by what is no key of Sluice", action);
    else if (!args.includes("nodelay") && args.some((word) => word.startsWith("burst="))) {
      draft.change(origin, "what comes too fast within the burst is served at once, not delayed");
    }
  }
  if (known.length > 0) {
    const { origin } = limits[0]!.directive;
    if (scope.find("limit_req_status") === undefined) {
      draft.change(origin, "the answer is 429; nginx says 503");
    }
    action["rate_limit"] = known.length === 1 ? known[0]! : known;
  }
  fillConcurrency(action, scope, draft);
}

function toLimit({ args }: Directive, scope: Scope): DraftTable | undefined {
  const zone = zoneOf("limit_req_zone", parameter(args, "zone"), scope);
  const [, count, unit] = /^(\d+)r\/([sm])$/.exec(parameter(zone?.args ?? [], "rate") ?? "") ?? [];
  const by = keyOf(zone);
  if (count === undefined || by === undefined) return undefined;
  const limit: DraftTable = {
    rate: `${count}/${unit === "s" ? "s" : "min"}`,
    burst: Number(parameter(args, "burst") ?? 0) + 1,
  };
  if (by !== "client") limit["by"] = by;
  if (scope.isOn("limit_req_dry_run")) limit["dry_run"] = true;
  return limit;
}

function fillConcurrency(action: DraftTable, scope: Scope, draft: Draft): void {
  for (const { args: [name = "", count = ""], origin } of scope.findAll(["limit_conn"])) {
    const by = keyOf(zoneOf("limit_conn_zone", name, scope));
    if (by === undefined || action["concurrency"] !== undefined) {
      draft.lose(
        origin,
        by === undefined ? "its zone counts by what is no key of Sluice" : "there is one such limit",
        action,
      );
    } else {
      action["concurrency"] = { limit: Number(count), ...(by !== "client" && { by }) };
    }
  }
}

function zoneOf(directive: string, name: string | undefined, scope: Scope): Directive | undefined {
  return scope.findAll([directive]).find(({ args }) =>
    parameter(args, "zone")?.replace(/:.*$/, "") === name?.replace(/:.*$/, "")
  );
}

function keyOf(zone: Directive | undefined): string | undefined {
  const key = zone?.args[0] ?? "";
  const [, header] = /^\$http_(\w+)$/.exec(key) ?? [];
  const [, cookie] = /^\$cookie_(\w+)$/.exec(key) ?? [];
  if (header !== undefined && key !== "$http_host") return `header(${header.replaceAll("_", "-")})`;
  return cookie === undefined ? KEYS[key] : `cookie(${cookie})`;
}

function parameter(args: readonly string[], name: string): string | undefined {
  return args.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}
