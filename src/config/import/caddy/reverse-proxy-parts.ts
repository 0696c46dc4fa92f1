import { comment, type Draft, type DraftTable } from "../draft.ts";
import type { CaddyDirective } from "./parse.ts";
import { caddyDuration } from "./units.ts";

/** Puts the probes of `reverse_proxy` into `backend`; Caddy asks every 30 s, and one answer turns a server round. */
export function fillCheck(backend: DraftTable, block: readonly CaddyDirective[], draft: Draft): void {
  const said = (name: string) => block.find((line) => line.name === name)?.args[0];
  const path = said("health_uri") ?? said("health_path");
  const port = said("health_port");
  if (path === undefined && port === undefined) return;
  const status = said("health_status");
  const check: DraftTable = {
    path: path ?? "/",
    expected_status: status === undefined ? "2xx" : /^\d{3}$/.test(status) ? Number(status) : status,
    interval: caddyDuration(said("health_interval") ?? "30s"),
    timeout: caddyDuration(said("health_timeout") ?? "5s"),
    rise: Number(said("health_passes") ?? 1),
    fall: Number(said("health_fails") ?? 1),
  };
  check["fast_interval"] = check["interval"];
  const body = said("health_body");
  if (body !== undefined) check["expected_body"] = body;
  const method = said("health_method");
  if (method === "HEAD") check["method"] = "HEAD";
  const headers: DraftTable = {};
  for (const { name, args } of block.find((line) => line.name === "health_headers")?.block ?? []) {
    if (/^host$/i.test(name)) check["host"] = args[0];
    else headers[name] = args[0];
  }
  if (Object.keys(headers).length > 0) check["headers"] = headers;
  backend["health_check"] = check;
  comment(backend, "health_check", "Caddy's defaults where the file says nothing");
  for (const { name, origin } of block) {
    if (
      name === "health_port" || name === "health_follow_redirects" ||
      (name === "health_method" && !["GET", "HEAD"].includes(method!))
    ) {
      const why = name === "health_port"
        ? "each server has a port of its own for that: health_check = { port = … }"
        : "probes ask by GET or HEAD, and follow nothing";
      draft.lose(origin, why, backend, "health_check");
    }
  }
}

const TIMEOUTS: Readonly<Record<string, string>> = {
  dial_timeout: "connect",
  response_header_timeout: "response",
  read_timeout: "idle",
  write_timeout: "idle",
};

/** What changes nothing, or is as Sluice does it. */
const NEEDLESS =
  /^(?:read_buffer|write_buffer|max_response_header|compression|keepalive_interval|versions|dial_fallback_delay|expect_continue_timeout|tls_timeout|tls_renegotiation|tls_curves|local_address|max_conns_per_host|tls)$/;

/** `transport http { … }` */
export function fillTransport(
  backend: DraftTable,
  { args, block = [], origin }: CaddyDirective,
  draft: Draft,
): void {
  if (args[0] !== "http") {
    return draft.lose(origin, "Sluice speaks HTTP to servers alone", backend, "servers");
  }
  const timeouts: DraftTable = {};
  const tls: DraftTable = {};
  for (const line of block) {
    const { name, args: [value = ""] } = line;
    const time = caddyDuration(value);
    if (name in TIMEOUTS && time !== undefined) timeouts[TIMEOUTS[name]!] ??= time;
    else if (name === "keepalive") timeouts["keep_alive"] = value === "off" ? "0s" : time;
    else if (name === "keepalive_idle_conns_per_host") backend["pool"] = { max_idle: Number(value) };
    else if (name === "tls_insecure_skip_verify") tls["verify"] = false;
    else if (name === "tls_server_name") tls["server_name"] = value;
    else if (name === "tls_trusted_ca_certs") {
      draft.lose(
        line.origin,
        `to trust it: tls = { ca = ${JSON.stringify(value)} }, read at load`,
        backend,
        "servers",
      );
    } else if (!NEEDLESS.test(name)) {
      draft.lose(line.origin, "Sluice has nothing like it", backend, "servers");
    }
    if (name === "max_conns_per_host") {
      draft.lose(line.origin, "servers have max_connections", backend, "servers");
    }
  }
  if (Object.keys(timeouts).length > 0) backend["timeouts"] = timeouts;
  if (Object.keys(tls).length > 0) backend["tls"] = tls;
}
