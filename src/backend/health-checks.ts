import type { BackendConfig } from "../config/backend.ts";
import type { HealthCheckConfig } from "../config/health.ts";
import { includesStatus } from "../config/statuses.ts";
import { startActiveChecks } from "../health/active.ts";
import { dialTargetOf } from "./dial-target.ts";
import { probe, type ProbePlan } from "../upstream/probe.ts";
import type { Availability } from "./availability.ts";
import type { Server } from "./server.ts";

/** What probes say to servers that they are. */
const USER_AGENT = "sluice-health-check";

/**
 * Probes the servers of a backend as its config says until `signal` aborts. Resolves when each has a first result, at
 * once where there are no checks.
 */
export async function startHealthChecks(
  config: BackendConfig,
  { servers, availability }: { servers: readonly Server[]; availability: Availability },
  signal: AbortSignal,
): Promise<void> {
  const { healthCheck } = config;
  if (healthCheck === undefined) return;
  const plans = new Map(servers.map((server) => [server, planOf(config, healthCheck, server)]));
  await startActiveChecks(servers, {
    ...healthCheck,
    probe: (server, stop) => probe(plans.get(server)!, stop),
    isPaused: (server) => server.operator === "maint",
    onResult: (server, passed, turned) => availability.onProbed(server, passed, turned),
  }, signal);
}

function planOf(backend: BackendConfig, check: HealthCheckConfig, { config }: Server): ProbePlan {
  const own = config.healthCheck;
  const target = { ...dialTargetOf(config, backend.tls), ...(own.port !== undefined && { port: own.port }) };
  if (check.type === "tcp") return { target, timeoutMs: check.timeout };
  const host = own.host ?? check.host ?? config.authority;
  const head = `${check.method} ${config.basePath}${own.path ?? check.path} HTTP/1.1\r\nHost: ${host}\r\n` +
    `User-Agent: ${USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n`;
  return {
    target,
    timeoutMs: check.timeout,
    request: {
      method: check.method,
      head,
      expects: (status) => includesStatus(check.expectedStatus, status),
      body: check.expectedBody === undefined ? undefined : new RegExp(check.expectedBody),
    },
  };
}
