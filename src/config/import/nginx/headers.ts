import { comment, type Draft, type DraftTable } from "../draft.ts";
import type { Directive } from "./parse.ts";
import type { Scope } from "./scope.ts";
import { nginxMs } from "./units.ts";
import { toTemplate } from "./variables.ts";
import { IN_REQUESTS } from "../../sections/header-edits.ts";

/** Fields that Sluice sends of itself, with the values that say the same. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  "host": ["$host", "$http_host", "$proxy_host"],
  "x-real-ip": ["$remote_addr", "$realip_remote_addr"],
  "x-forwarded-for": ["$proxy_add_x_forwarded_for", "$remote_addr"],
  "x-forwarded-proto": ["$scheme", "$http_x_forwarded_proto", "http"],
  "x-forwarded-host": ["$host", "$http_host", "$host:$server_port"],
  "x-forwarded-port": ["$server_port"],
  "x-request-id": ["$request_id"],
  "upgrade": ["$http_upgrade"],
  "connection": ["", "upgrade", "Upgrade", "close", "keep-alive", "$connection_upgrade", "$http_connection"],
};

/** What a location says of the fields of its requests. */
export interface RequestFields {
  /** Whether servers see their own name in Host, in place of the client's. */
  readonly rewritesHost: boolean;
  /** Whether X-Forwarded-For is to have nothing but the client. */
  readonly forgetsChain: boolean;
}

/** Puts what `proxy_set_header` says into `action`. */
export function fillRequestFields(action: DraftTable, scope: Scope, draft: Draft): RequestFields {
  const set: DraftTable = {};
  const remove: string[] = [];
  let host: string | undefined;
  let forgetsChain = false;
  for (const { args: [name = "", value = ""], origin } of scope.findAll(["proxy_set_header"])) {
    const lower = name.toLowerCase();
    if (lower === "host") host = value;
    if (lower === "x-forwarded-for" && value === "$remote_addr") forgetsChain = true;
    if (OWN[lower]?.includes(value) === true) continue;
    if (value === `$http_${lower.replaceAll("-", "_")}`) continue; // as it came
    const template = toTemplate(value);
    if (IN_REQUESTS.has(lower)) {
      draft.lose(origin, "Sluice alone says this to servers", action);
    } else if (value === "") remove.push(name);
    else if (template === undefined) {
      const why = "its value holds what no template of Sluice can say";
      draft.lose(origin, `${why}; what clients send of it is taken out`, action);
      remove.push(name); // what the client says would pass for what was set
    } else set[name] = template;
  }
  if (Object.keys(set).length > 0 || remove.length > 0) {
    action["request_headers"] = {
      ...(Object.keys(set).length > 0 && { set }),
      ...(remove.length > 0 && { remove }),
    };
  }
  return { rewritesHost: host === undefined || host === "$proxy_host", forgetsChain };
}

/** The fields that `add_header` and `expires` add to answers; undefined where there are none. */
export function addedFields(
  action: DraftTable,
  scope: Scope,
  draft: Draft,
): Record<string, string[]> | undefined {
  const add: Record<string, string[]> = {};
  const expires = scope.find("expires");
  const cache = expires === undefined ? undefined : cacheControl(expires);
  if (cache !== undefined) {
    (add["Cache-Control"] ??= []).push(cache);
    draft.change(expires!.origin, "says so by Cache-Control alone, in answers of every status");
  } else if (expires !== undefined && expires.args[0] !== "off") {
    draft.lose(expires.origin, "Sluice does not count times of the day", action);
  }
  for (const { args: [name = "", value = "", always], origin } of scope.findAll(["add_header"])) {
    const template = toTemplate(value);
    if (/^(?:connection|content-length|transfer-encoding|via|trailer|upgrade|keep-alive|te)$/i.test(name)) {
      draft.lose(origin, "Sluice alone says this to clients", action);
    } else if (template === undefined) {
      draft.lose(origin, "its value holds what no template of Sluice can say", action);
    } else if (template !== "") {
      (add[name] ??= []).push(template);
      if (always === undefined) draft.change(origin, 'stands in answers of every status, as with "always"');
    }
  }
  return Object.keys(add).length > 0 ? add : undefined;
}

function cacheControl({ args: [time = ""] }: Directive): string | undefined {
  if (time === "epoch" || time.startsWith("-")) return "no-cache";
  if (time === "max") return "max-age=315360000";
  const ms = nginxMs(time);
  return ms === undefined ? undefined : `max-age=${ms / 1000}`;
}

/** Puts what is said of the fields of servers' answers into `action`. */
export function fillAnswerFields(action: DraftTable, scope: Scope, draft: Draft): void {
  const add = addedFields(action, scope, draft);
  const remove = scope.findAll(["proxy_hide_header"]).map(({ args }) => args[0]!);
  if (add !== undefined || remove.length > 0) {
    action["response_headers"] = {
      ...(add !== undefined && { add: plain(add) }),
      ...(remove.length > 0 && { remove }),
    };
  }
  fillRewrites(action, scope, draft);
}

/** One value as a text, several as a list. */
export function plain(lines: Record<string, string[]>): DraftTable {
  return Object.fromEntries(
    Object.entries(lines).map(([name, values]) => [name, values.length === 1 ? values[0]! : values]),
  );
}

/** `proxy_redirect`, `proxy_cookie_domain` and `proxy_cookie_path`. What nginx does unasked Sluice does as well. */
function fillRewrites(action: DraftTable, scope: Scope, draft: Draft): void {
  const redirects = scope.findAll(["proxy_redirect"]).filter(({ args }) => args[0] !== "default");
  if (redirects.some(({ args }) => args[0] === "off")) action["rewrite_location"] = "off";
  else if (redirects.length > 0) {
    const rules = redirects.map((directive) => toRule(directive, action, draft)).filter((rule) =>
      rule !== undefined
    );
    if (rules.length > 0) action["rewrite_location"] = rules.length === 1 ? rules[0]! : rules;
  }
  const cookies: DraftTable = {};
  for (const key of ["domain", "path"]) {
    const said = scope.findAll([`proxy_cookie_${key}`]).filter(({ args }) => args[0] !== "off");
    const rules = said.map((directive) => toRule(directive, action, draft)).filter((rule) =>
      rule !== undefined
    );
    if (rules.length > 0) cookies[key] = rules.length === 1 ? rules[0]! : rules;
  }
  if (Object.keys(cookies).length > 0) {
    action["rewrite_cookies"] = cookies;
    comment(action, "rewrite_cookies", "a cookie that no pattern fits stays as it is");
  }
}

function toRule(
  { args: [from = "", to = ""], origin }: Directive,
  action: DraftTable,
  draft: Draft,
): DraftTable | undefined {
  const isPattern = from.startsWith("~");
  const source = isPattern ? from.replace(/^~\*?\s*/, "") : `^${from.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`;
  const pattern = from.startsWith("~*") ? `(?i:${source})` : source;
  if (isPattern ? !/^[^$]*(?:\$\d[^$]*)*$/.test(to) : to.includes("$") || from.includes("$")) {
    draft.lose(origin, "holds variables", action);
    return undefined;
  }
  return { pattern, replacement: to };
}
