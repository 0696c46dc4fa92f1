import type { BackendConfig } from "../config/backend.ts";
import type { HealthCheckConfig } from "../config/health.ts";
import type { ServerConfig } from "../config/server.ts";
import { includesStatus } from "../config/statuses.ts";
import { startActiveChecks } from "../health/active.ts";
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
  { servers, availability, isGone }: {
    servers: readonly Server[];
    availability: Availability;
    /** Whether a server is no more one of the backend's; it is not probed again. */
    isGone: (server: Server) => boolean;
  },
  signal: AbortSignal,
): Promise<void> {
  const { healthCheck } = config;
  if (healthCheck === undefined) return;
  const plans = new Map(servers.map((server) => [server, planOf(healthCheck, server)]));
  await startActiveChecks(servers, {
    ...healthCheck,
    probe: (server, stop) => probe(plans.get(server)!, stop),
    isGone,
    isPaused: (server) => server.operator === "maint",
    onResult: (server, passed, turned) => availability.onProbed(server, passed, turned),
  }, signal);
}

function planOf(check: HealthCheckConfig, { config, target: own }: Server): ProbePlan {
  const { port } = config.healthCheck;
  const target = port === undefined ? own : { ...own, port };
  if (check.type === "tcp") return { target, timeoutMs: check.timeout };
  return {
    target,
    timeoutMs: check.timeout,
    request: {
      method: check.method,
      head: headOf(check, config),
      expects: (status) => includesStatus(check.expectedStatus, status),
      body: check.expectedBody === undefined ? undefined : new RegExp(check.expectedBody),
    },
  };
}

function headOf(check: HealthCheckConfig, server: ServerConfig): string {
  const own = server.healthCheck;
  const written = Object.entries(check.headers);
  const replaced = new Set(written.map(([name]) => name.toLowerCase()));
  const fields = [
    ["Host", own.host ?? check.host ?? authorityOf(server, own.port)],
    ...OWN_HEADERS.filter(([name]) => !replaced.has(name.toLowerCase())),
    ...written,
    ["Connection", "close"],
  ];
  return `${check.method} ${server.basePath}${own.path ?? check.path} HTTP/1.1\r\n` +
    fields.map(([name, value]) => `${name}: ${value}\r\n`).join("") + "\r\n";
}

/** What a Host field says of `server` at `port`, its own unless it is given: no default port, IPv6 in brackets. */
function authorityOf({ authority, tls }: ServerConfig, port: number | undefined): string {
  if (port === undefined) return authority;
  const url = new URL(`${tls ? "https" : "http"}://${authority}`);
  url.port = String(port);
  return url.host;
}
