import { comment, type Draft, type DraftTable } from "../draft.ts";
import { caddyDuration } from "./units.ts";
import { fieldLines, headerEdit } from "./edits.ts";
import type { CaddyDirective } from "./parse.ts";
import { hasPlaceholders } from "./placeholders.ts";
import { fillCheck, fillTransport } from "./reverse-proxy-parts.ts";

/** Where `reverse_proxy` leads: a backend, and what is said of its requests there. */
export interface ReverseProxy {
  readonly backend: DraftTable;
  /** A name for it. */
  readonly name: string;
  /** Keys of the action. */
  readonly action: DraftTable;
}

/** What changes nothing, or is as Sluice does it. */
const NEEDLESS = new Set(
  `
  flush_interval request_buffers response_buffers buffer_requests buffer_responses max_buffer_size lb_try_interval
  stream_timeout stream_close_delay verbose_logs trusted_proxies to
`.trim().split(/\s+/),
);

/** Reads `reverse_proxy` without its matcher; undefined where its servers depend on the request. */
export function readReverseProxy(
  directive: CaddyDirective,
  args: readonly string[],
  draft: Draft,
): ReverseProxy | undefined {
  const { block = [], origin } = directive;
  const written = [...args, ...block.filter(({ name }) => name === "to").flatMap((line) => line.args)];
  const backend: DraftTable = {};
  const action: DraftTable = { backend: "" };
  const dynamic = block.find(({ name }) => name === "dynamic");
  if (written.some(hasPlaceholders) || (written.length === 0 && dynamic === undefined)) {
    draft.lose(origin, "which servers there are depends on the request", action);
    return undefined;
  }
  const transport = block.find(({ name }) => name === "transport");
  const secure = transport?.block?.some(({ name }) => name.startsWith("tls")) === true;
  const servers = dynamic === undefined
    ? written.flatMap((address) => toServers(address, secure))
    : dynamicServers(dynamic, draft);
  fillPolicy(backend, block, servers.length, draft);
  for (const line of block) fillLine({ backend, action }, line, draft);
  fillEjection(backend, block, draft);
  fillCheck(backend, block, draft);
  if (transport !== undefined) fillTransport(backend, transport, draft);
  const most = Number(block.find(({ name }) => name === "unhealthy_request_count")?.args[0] ?? 0);
  backend["servers"] = most > 0
    ? servers.map((server) => ({
      ...typeof server === "string" ? { url: server } : server,
      max_connections: most,
    }))
    : servers;
  const first = servers[0];
  const url = typeof first === "string" ? first : String(first?.["url"] ?? "");
  return { backend, action, name: url.replace(/^(?:\w+:\/\/|unix:\/)/, "").replace(/[.:/]+/g, "-") };
}

/** The servers of one address, which may have a range of ports. */
function toServers(address: string, secure: boolean): (string | DraftTable)[] {
  const unix = /^unix\/(\/.*)$/.exec(address)?.[1];
  if (unix !== undefined) return [`unix:${unix}`];
  const [, scheme = secure ? "https" : "http", rest = ""] = /^(?:(https?|h2c):\/\/)?(.*)$/.exec(address) ??
    [];
  const name = scheme === "h2c" ? "http" : scheme;
  const [, host = "", from, to = from] = /^(\[[^\]]*\]|[^:]*)(?::(\d+)(?:-(\d+))?)?$/.exec(rest) ?? [];
  if (from === undefined) return [`${name}://${rest}`];
  const count = Math.min(Number(to) - Number(from), 100);
  return Array.from({ length: count + 1 }, (_, i) => `${name}://${host || "localhost"}:${Number(from) + i}`);
}

function dynamicServers(
  { args: [kind = "", ...args], block = [], origin }: CaddyDirective,
  draft: Draft,
): DraftTable[] {
  const said = (name: string) => block.find((line) => line.name === name)?.args[0];
  const name = said("name") ?? args[0] ?? "";
  if (kind === "a") return [{ url: `http://${name}:${said("port") ?? args[1] ?? 80}`, resolve: "all" }];
  const service = said("service") !== undefined ? `_${said("service")}._${said("proto") ?? "tcp"}.` : "";
  if (kind === "srv") return [{ url: `http://${service}${name}`, resolve: "srv" }];
  draft.lose(origin, "Sluice asks DNS alone which servers there are");
  return [{ url: "http://localhost:80" }];
}

/** Caddy's own policy is random. */
function fillPolicy(
  backend: DraftTable,
  block: readonly CaddyDirective[],
  servers: number,
  draft: Draft,
): void {
  const line = block.find(({ name }) => name === "lb_policy");
  if (line === undefined) {
    if (servers < 2) return;
    backend["balance"] = "random";
    comment(backend, "balance", "Caddy's policy where none is named");
    return;
  }
  const [policy = "", argument = ""] = line.args;
  const hashed: Readonly<Record<string, string>> = {
    ip_hash: "client",
    client_ip_hash: "client",
    uri_hash: "uri",
    header: `header(${argument})`,
    query: `query(${argument})`,
  };
  const simple: Readonly<Record<string, string>> = {
    random: "random",
    random_choose: "random",
    first: "first",
    round_robin: "roundrobin",
    least_conn: "leastconn",
  };
  if (policy in simple) backend["balance"] = simple[policy];
  else if (policy in hashed) {
    backend["balance"] = "hash";
    if (hashed[policy] !== "client") backend["hash"] = { on: hashed[policy] };
    draft.change(line.origin, "the key leads to another server than with Caddy");
  } else if (policy === "cookie") {
    backend["sticky"] = { cookie: argument === "" ? "lb" : argument };
    draft.change(line.origin, "clients get new cookies: the value names a server in our way");
  } else draft.lose(line.origin, "Sluice has no such policy", backend, "servers");
}

function fillLine(
  { backend, action }: { backend: DraftTable; action: DraftTable },
  line: CaddyDirective,
  draft: Draft,
): void {
  const { name, args, origin } = line;
  if (
    NEEDLESS.has(name) || /^(?:lb_policy|health_|fail_|max_fails|unhealthy_|transport|dynamic)/.test(name)
  ) {
    if (name === "unhealthy_latency") {
      draft.lose(origin, 'balance = "load_aware" goes by latency', backend, "servers");
    }
    return;
  }
  const retries = backend["retries"] as DraftTable | undefined;
  const time = caddyDuration(args[0] ?? "");
  if (name === "lb_retries") backend["retries"] = { ...retries, attempts: Math.min(Number(args[0]) + 1, 10) };
  else if (name === "lb_try_duration" && time !== undefined) {
    backend["retries"] = { ...retries, deadline: time };
  } else if (name === "method" && args[0] !== undefined) action["method"] = args[0];
  else if (name === "header_up" || name === "header_down") fillHeader({ backend, action }, line, draft);
  else {draft.lose(
      origin,
      name === "handle_response" ? "on_status answers by status" : "Sluice has nothing like it",
      backend,
      "servers",
    );}
}

function fillHeader(
  { backend, action }: { backend: DraftTable; action: DraftTable },
  line: CaddyDirective,
  draft: Draft,
): void {
  const { name, args, origin } = line;
  if (
    /^\+?host$/i.test(args[0] ?? "") &&
    /^\{(?:upstream_hostport|http\.reverse_proxy\.upstream\.(?:hostport|host))\}$/.test(args[1] ?? "")
  ) {
    backend["host_header"] = "rewrite";
    return;
  }
  for (const one of fieldLines(line)) {
    const edit = headerEdit(one, name === "header_up" ? "request" : "response");
    if (typeof edit === "function") edit(action);
    else if (edit !== "needless") {
      draft.lose(origin, edit.why, backend, "servers");
      edit.edit?.(action);
    }
  }
}

/** Without `fail_duration` Caddy forgets failures at once. */
function fillEjection(backend: DraftTable, block: readonly CaddyDirective[], draft: Draft): void {
  const said = (name: string) => block.find((line) => line.name === name);
  const time = caddyDuration(said("fail_duration")?.args[0] ?? "0s");
  if (time === undefined || time === "0s") return;
  backend["ejection"] = { failures: Number(said("max_fails")?.args[0] ?? 1), window: time, time };
  const line = said("fail_duration")!;
  draft.change(
    line.origin,
    "failures count in a row and need the word of another server; an ejection takes no more than half of the servers",
  );
  const statuses = said("unhealthy_status");
  if (statuses !== undefined) draft.change(statuses.origin, "every answer from 500 on is a failure");
}
