import type { Draft, DraftTable } from "../draft.ts";
import { comment } from "../draft.ts";
import type { Directive } from "./parse.ts";
import { nginxMs, toDuration } from "./units.ts";

/** Rank of a server that serves while the others are gone; the default of others is 100. */
const BACKUP_PRIORITY = 200;

/** An upstream of nginx as one of our backends, without what locations say of it. */
export interface Upstream {
  readonly name: string;
  /** Its servers are written without a scheme, which each location chooses. */
  fill(backend: DraftTable, scheme: string): void;
}

const POLICIES = ["least_conn", "ip_hash", "hash", "random", "least_time", "sticky", "sticky_cookie_insert"];

/** What a key of `hash` is called with us. */
const KEYS: Readonly<Record<string, string>> = {
  $remote_addr: "client",
  $binary_remote_addr: "client",
  $request_uri: "uri",
  $uri: "path",
  $document_uri: "path",
};

/** Reads `upstream name { … }`. */
export function readUpstream({ args, block = [] }: Directive, draft: Draft): Upstream {
  const name = args[0] ?? "";
  return {
    name,
    fill(backend, scheme) {
      const servers = block.filter((directive) => directive.name === "server");
      fillPolicy(backend, block, servers, draft);
      for (const directive of block) fillOther(backend, directive, draft);
      fillEjection(backend, servers, draft);
      backend["servers"] = servers.map((server) => toServer(server, { scheme, backend, draft }));
    },
  };
}

function fillPolicy(
  backend: DraftTable,
  block: readonly Directive[],
  servers: readonly Directive[],
  draft: Draft,
): void {
  const policy = block.find(({ name }) => POLICIES.includes(name));
  if (servers.some(({ args }) => args.includes("backup"))) {
    backend["balance"] = "priority";
    if (policy !== undefined) {
      draft.lose(policy.origin, "servers of one rank take turns beside a backup server", backend, "balance");
    }
    return;
  }
  if (policy === undefined) return;
  const { name, args, origin } = policy;
  if (name === "least_conn") backend["balance"] = "leastconn";
  else if (name === "random") backend["balance"] = "random";
  else if (name === "least_time") {
    backend["balance"] = "load_aware";
    draft.change(
      origin,
      "load_aware goes by the latency too, of two servers that are drawn",
      backend,
      "balance",
    );
  } else if (name === "ip_hash") {
    backend["balance"] = "hash";
    draft.change(
      origin,
      "by the whole address of the client (of IPv6 the /64); nginx takes three of its four parts",
    );
  } else if (name === "hash") {
    fillHash(backend, policy, draft);
  } else {
    backend["sticky"] = { cookie: args.find((word) => /^[\w-]+$/.test(word) && word !== "cookie") };
    draft.change(origin, "the cookie's value is our own", backend, "sticky");
  }
}

function fillHash(backend: DraftTable, { args, origin }: Directive, draft: Draft): void {
  const key = (args[0] ?? "").replace(/^\$\{(\w+)\}$/, "$$$1");
  const [, kind, name = ""] = /^\$(http|cookie|arg)_(\w+)$/.exec(key) ?? [];
  const on = kind === "http"
    ? `header(${name.replaceAll("_", "-")})`
    : kind === "cookie"
    ? `cookie(${name})`
    : kind === "arg"
    ? `query(${name})`
    : KEYS[key];
  if (on === undefined) return draft.lose(origin, "the key is none that Sluice hashes", backend, "servers");
  backend["balance"] = "hash";
  if (on !== "client") backend["hash"] = { on };
  if (!args.includes("consistent")) {
    draft.change(
      origin,
      "the key leads to another server than with nginx; few keys move when a server comes or goes",
    );
  }
}

function fillOther(backend: DraftTable, { name, args, origin }: Directive, draft: Draft): void {
  if (name === "server" || name === "zone" || POLICIES.includes(name)) return;
  const duration = toDuration(args[0] ?? "");
  if (name === "keepalive") {
    backend["pool"] = { max_idle: Number(args[0]) };
    draft.change(
      origin,
      "so many are kept for each server; nginx keeps them for all servers, in each worker",
    );
  } else if (name === "keepalive_timeout" && duration !== undefined) {
    backend["timeouts"] = { ...backend["timeouts"] as DraftTable, keep_alive: duration };
  } else if (name === "queue") {
    const timeout = args.find((word) => word.startsWith("timeout="))?.slice("timeout=".length) ?? "60s";
    backend["timeouts"] = { ...backend["timeouts"] as DraftTable, queue: toDuration(timeout) };
  } else if (!["keepalive_requests", "keepalive_time", "resolver", "resolver_timeout"].includes(name)) {
    draft.lose(origin, "Sluice has nothing like it", backend);
  }
}

/** What all servers say of their failures; nginx counts for each server, we have one rule for all of them. */
function fillEjection(backend: DraftTable, servers: readonly Directive[], draft: Draft): void {
  const said = servers.map(({ args }) => ({
    fails: parameter(args, "max_fails"),
    time: parameter(args, "fail_timeout"),
  }));
  const first = said.find(({ fails, time }) => fails !== undefined || time !== undefined);
  if (first === undefined) return;
  const at = servers[said.indexOf(first)]!;
  if (said.some(({ fails, time }) => fails !== first.fails || time !== first.time)) {
    draft.change(
      at.origin,
      "max_fails and fail_timeout of this server hold for all of the backend",
      backend,
      "ejection",
    );
  }
  if (first.fails === "0") backend["ejection"] = { enabled: false };
  else {
    const time = first.time === undefined ? undefined : toDuration(first.time);
    const failures = Number(first.fails ?? 1);
    backend["ejection"] = {
      failures,
      ...(time !== undefined && { window: time, time, max_time: maxTime(time) }),
    };
    draft.change(
      at.origin,
      "failures count in a row and need the word of another server; an ejection takes no more than half of the servers",
    );
  }
}

/** The longest ejection, which cannot be shorter than the first. */
function maxTime(time: string): string | undefined {
  return (nginxMs(time) ?? 0) > 300_000 ? time : undefined;
}

function toServer(
  { args: [address = "", ...args], origin }: Directive,
  { scheme, backend, draft }: { scheme: string; backend: DraftTable; draft: Draft },
): DraftTable | string {
  const url = serverUrl(address, scheme);
  const server: DraftTable = { url };
  for (const word of args) {
    const [name = "", value = ""] = word.split("=");
    if (name === "weight") server["weight"] = Math.min(Number(value), 1000);
    else if (name === "backup") server["priority"] = BACKUP_PRIORITY;
    else if (name === "max_conns") server["max_connections"] = Number(value);
    else if (name === "slow_start") backend["slow_start"] = toDuration(value);
    else if (name === "resolve" && !/^(?:unix:|[\d.:[\]]+$)/.test(address)) server["resolve"] = "all";
    else if (name === "service") server["resolve"] = "srv";
    else if (name === "down") server["weight"] = 0;
    else if (!["max_fails", "fail_timeout", "route"].includes(name)) {
      draft.lose(
        { ...origin, text: `server ${address} … ${word}` },
        "Sluice has nothing like it",
        backend,
        "servers",
      );
    }
  }
  if (args.includes("down")) comment(backend, "servers", `${address} is down: it has the weight 0`);
  return Object.keys(server).length === 1 ? url : server;
}

/** The address of a server as a URL. */
export function serverUrl(address: string, scheme: string): string {
  if (address.startsWith("unix:")) return address;
  return `${scheme}://${address}`;
}

function parameter(args: readonly string[], name: string): string | undefined {
  return args.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}
