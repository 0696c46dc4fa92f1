import { formatSize } from "../../../base/units.ts";
import { comment, type DraftTable } from "../draft.ts";
import { coversAddress, joinFamilies, type Listen, readListens } from "./listen.ts";
import type { ProxyParts } from "./proxy-pass.ts";
import type { Scope } from "./scope.ts";
import { coversName, namesTerm, readNames, restTerm } from "./server-names.ts";
import { ServerRules } from "./server-rules.ts";
import { fillCompress } from "./bodies.ts";
import { bodyLimit } from "./stages.ts";
import { toDuration } from "./units.ts";

/** A server with the addresses that it listens on. */
interface ListeningServer {
  readonly scope: Scope;
  readonly listens: readonly Listen[];
}

/** Addresses that lead to the same servers. */
interface Group {
  readonly addresses: string[];
  readonly servers: readonly ListeningServer[];
  readonly default: ListeningServer;
}

/** One frontend for all addresses that have the same servers: nginx tells servers apart by the host, we by rules and routes. */
export function toFrontends(servers: readonly Scope[], parts: ProxyParts): DraftTable[] {
  const listening = servers.map((scope) => ({ scope, listens: readListens(scope) }));
  const names = new Set<string>();
  return groupsOf(listening, parts).map((group) => toFrontend(group, names, parts));
}

function groupsOf(servers: readonly ListeningServer[], { draft }: ProxyParts): Group[] {
  const byAddress = new Map<string, ListeningServer[]>();
  const addresses = servers.flatMap(({ listens }) => listens.map(({ address }) => address));
  for (const server of servers) {
    for (const { address, directive } of server.listens) {
      const wide = addresses.find((other) => coversAddress(other, address));
      if (wide !== undefined && directive !== undefined) {
        draft.lose(
          directive.origin,
          `${wide} covers it, and Sluice does not tell requests apart by the address they came to`,
        );
      }
      const found = byAddress.get(wide ?? address) ?? [];
      if (!found.includes(server)) found.push(server);
      byAddress.set(wide ?? address, found);
    }
  }
  const groups: Group[] = [];
  for (const [address, list] of byAddress) {
    const main = list.find(({ listens }) =>
      listens.some((one) => one.address === address && one.isDefault)
    ) ?? list[0]!;
    const same = groups.find((group) =>
      group.default === main && group.servers.length === list.length &&
      list.every((one) => group.servers.includes(one))
    );
    if (same === undefined) groups.push({ addresses: [address], servers: list, default: main });
    else same.addresses.push(address);
  }
  return groups;
}

function toFrontend(
  { addresses, servers, default: main }: Group,
  used: Set<string>,
  parts: ProxyParts,
): DraftTable {
  const { draft } = parts;
  const bind = joinFamilies(addresses);
  const frontend: DraftTable = { name: frontendName(bind, used), bind: bind.length === 1 ? bind[0] : bind };
  for (const { listens } of servers) {
    for (const { address, lost, directive } of listens) {
      if (addresses.includes(address) && lost.length > 0) {
        draft.lose(directive!.origin, whyPlain(lost), frontend, "bind");
      }
    }
  }
  fillConnection(frontend, main.scope, parts);
  const bytes = bodyLimit(main.scope);
  if (bytes > 0) {
    frontend["request_body_limit"] = formatSize(bytes);
    if (main.scope.find("client_max_body_size") === undefined) {
      comment(frontend, "request_body_limit", "nginx's default");
    }
  }
  fillCompress(frontend, main.scope);
  const named = servers.map((server) => ({ ...server, names: readNames(server.scope, frontend, draft) }));
  const rules: DraftTable[] = [];
  const routes: DraftTable[] = [];
  // The server that takes the rest comes last.
  for (
    const server of [...named].sort((a, b) => Number(a.scope === main.scope) - Number(b.scope === main.scope))
  ) {
    const isMain = server.scope === main.scope;
    const others = named.filter(({ scope }) => scope !== server.scope).flatMap(({ names }) => names);
    if (!isMain && server.names.length === 0) continue; // nobody asks for it
    const claimed = server.names.filter((name) => others.some((other) => coversName(other, name)));
    const term = isMain ? restTerm(server.names, others) : namesTerm(server.names, others);
    const hosts = !isMain ? server.names : claimed.length === 0 ? [] : ["", ...claimed];
    const made = new ServerRules(
      server.scope,
      { term, hosts, bodyBytes: bytes || undefined, frontend },
      parts,
    );
    made.fill();
    rules.push(...made.rules);
    routes.push(...made.routes);
  }
  finish(frontend, rules, routes);
  return frontend;
}

/** A route that takes all that is left, and does nothing but name a backend, is the default of the frontend. */
function finish(frontend: DraftTable, rules: DraftTable[], routes: DraftTable[]): void {
  const rest = routes.find((route) => route["host"] === undefined && route["path_prefix"] === undefined);
  if (
    rest !== undefined && Object.keys(rest).join() === "backend" &&
    Object.getOwnPropertySymbols(rest).length === 0
  ) {
    frontend["default_backend"] = rest["backend"];
    routes.splice(routes.indexOf(rest), 1);
  }
  if (rules.length > 0) frontend["rules"] = rules;
  if (routes.length > 0) frontend["routes"] = routes;
}

function whyPlain(lost: readonly string[]): string {
  if (lost.includes("proxy_protocol")) return "the PROXY protocol comes with a later version of Sluice";
  return "TLS and HTTP/2 toward clients come with a later version of Sluice: until then this address is plain HTTP, " +
    "for something in front that ends TLS";
}

function frontendName(bind: readonly string[], used: Set<string>): string {
  const port = /:(\d+)$/.exec(bind[0]!)?.[1];
  const wanted = port === undefined
    ? "unix"
    : port === "80"
    ? "http"
    : port === "443"
    ? "https"
    : `port-${port}`;
  let name = wanted;
  for (let count = 2; used.has(name); count++) name = `${wanted}-${count}`;
  used.add(name);
  return name;
}

/** What holds for the connections of clients. */
function fillConnection(frontend: DraftTable, scope: Scope, { draft }: ProxyParts): void {
  const timeouts: DraftTable = {};
  const keys = [
    ["client_header_timeout", "request_headers"],
    ["client_body_timeout", "body_idle"],
    ["keepalive_timeout", "keep_alive"],
    ["send_timeout", "write_idle"],
  ] as const;
  for (const [name, key] of keys) {
    const time = toDuration(scope.find(name)?.args[0] ?? "");
    if (time !== undefined && !(key === "request_headers" && time === "0s")) timeouts[key] = time;
  }
  if (Object.keys(timeouts).length > 0) frontend["timeouts"] = timeouts;
  if (scope.isOn("underscores_in_headers")) frontend["header_aliases"] = "keep";
  fillTrusted(frontend, scope);
  const field = scope.find("real_ip_header");
  if (field !== undefined && !/^x-forwarded-for$/i.test(field.args[0] ?? "")) {
    draft.lose(
      field.origin,
      "trusted proxies report the client in X-Forwarded-For or Forwarded",
      frontend,
      "trusted_proxies",
    );
  }
}

function fillTrusted(frontend: DraftTable, scope: Scope): void {
  const trusted = scope.findAll(["set_real_ip_from"]).map(({ args }) =>
    args[0] === "unix:" ? "unix" : args[0]!
  );
  if (trusted.length > 0) frontend["trusted_proxies"] = trusted;
}
