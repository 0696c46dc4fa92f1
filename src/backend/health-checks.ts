import type { BackendConfig } from "../config/sections/backend.ts";
import type { HealthCheckConfig } from "../config/sections/health-check.ts";
import type { ServerConfig } from "../config/sections/server.ts";
import { includesStatus } from "../config/values/statuses.ts";
import { startActiveChecks } from "../health/active.ts";
import type { Probed } from "../health/probe-result.ts";
import type { CodecLimits } from "../http/head-limits.ts";
import { probe, type ProbePlan } from "../upstream/probe.ts";
import type { Availability } from "./availability.ts";
import type { Server } from "./server.ts";

/** What a probe says of itself where the config's headers do not. */
const OWN_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["User-Agent", "sluice-health-check"],
  ["Accept", "*/*"],
];

/**
 * Probes the servers of a backend as its config says until `signal` aborts. Resolves when each has a first result, at
 * once where there are no checks.
 */
export async function startHealthChecks(
  config: BackendConfig,
  { servers, limits, availability, isGone }: {
    servers: readonly Server[];
    /** Of the heads of answers. */
    limits: CodecLimits;
    availability: Availability;
    /** Whether a server has left the backend; it is not probed again. */
    isGone: (server: Server) => boolean;
  },
  signal: AbortSignal,
): Promise<void> {
  const { healthCheck } = config;
  if (healthCheck === undefined) return;
  const plans = new Map(servers.map((server) => [server, planOf(healthCheck, server, limits)]));
  await startActiveChecks(servers, {
    ...healthCheck,
    probe: (server, stop) => probe(plans.get(server)!, stop),
    isGone,
    isPaused: (server) =>
      server.operator === "maint" ||
      (healthCheck.when === "ejected" && !server.passive.isEjected(performance.now())),
    onResult: (server, probed) => availability.onProbed(server, probed, healthCheck),
  }, signal);
}

/** Probes one server once. Undefined where it could not be asked: there are no files left. */
export async function probeOnce(
  check: HealthCheckConfig,
  { server, limits }: { server: Server; limits: CodecLimits },
  signal: AbortSignal,
): Promise<Probed | undefined> {
  const startedAt = performance.now();
  const result = await probe(planOf(check, server, limits), signal);
  return result && { ...result, ms: performance.now() - startedAt, at: Date.now() };
}

function planOf(
  check: HealthCheckConfig,
  { config, destination: own, authorization }: Server,
  limits: CodecLimits,
): ProbePlan {
  const { port } = config.healthCheck;
  const destination = port === undefined ? own : { ...own, port };
  if (check.type === "tcp") return { destination, timeoutMs: check.timeout };
  const isConnect = check.type === "connect";
  return {
    destination,
    timeoutMs: check.timeout,
    request: {
      method: isConnect ? "CONNECT" : check.method,
      head: headOf(check, config, authorization),
      expects: (status) => includesStatus(check.expectedStatus, status),
      body: check.expectedBody === undefined ? undefined : new RegExp(check.expectedBody),
      limits,
    },
  };
}

function headOf(check: HealthCheckConfig, server: ServerConfig, authorization: string | undefined): string {
  const own = server.healthCheck;
  const written = Object.entries(check.headers);
  const replaced = new Set(written.map(([name]) => name.toLowerCase()));
  const asked = askedOf(check, server);
  const fields = [
    ["Host", own.host ?? check.host ?? asked.authority],
    ...(authorization === undefined ? [] : [["Proxy-Authorization", authorization]]),
    ...OWN_HEADERS.filter(([name]) => !replaced.has(name.toLowerCase())),
    ...written,
    ["Connection", "close"],
  ];
  return `${asked.line} HTTP/1.1\r\n` +
    fields.map(([name, value]) => `${name}: ${value}\r\n`).join("") + "\r\n";
}

/** What a probe asks for: a path of the server, or through it as a proxy for an address or a tunnel. */
function askedOf(check: HealthCheckConfig, server: ServerConfig): { line: string; authority: string } {
  const { healthCheck: own } = server;
  const { type, method, url, target } = check;
  if (type === "connect" && target !== undefined) return { line: `CONNECT ${target}`, authority: target };
  if (url !== undefined) return { line: `${method} ${url}`, authority: new URL(url).host };
  return {
    line: `${method} ${server.basePath}${own.path ?? check.path}`,
    authority: authorityOf(server, own.port),
  };
}

/** What a Host field says of `server` at `port`, its own unless it is given: no default port, IPv6 in brackets. */
function authorityOf({ authority, tls }: ServerConfig, port: number | undefined): string {
  if (port === undefined) return authority;
  const url = new URL(`${tls ? "https" : "http"}://${authority}`);
  url.port = String(port);
  return url.host;
}
