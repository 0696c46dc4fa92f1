import { policyGoesBy } from "../base/policies.ts";
import { formatHedgeTime } from "../config/values/hedge-time.ts";
import { formatDuration } from "../base/units.ts";
import type { BackendConfig } from "../config/sections/backend.ts";
import type { HealthCheckConfig } from "../config/sections/health-check.ts";
import type { ServerConfig } from "../config/sections/server.ts";
import type { StatusRange } from "../config/values/statuses.ts";
import { describeKey, describeShare } from "./describe-action.ts";

/** One backend, a line for each thing that decides where its requests go, and one for each server. */
export function describeBackend(backend: BackendConfig): string[] {
  const { name, balance, hash, protocol, hostHeader, servers } = backend;
  const kind = protocol === "proxy" ? "proxies" : `Host ${hostHeader}`;
  const policy = policyGoesBy(balance) === "key" ? `${balance} by ${describeKey(hash.on)}` : balance;
  return [
    `backend ${name}: ${policy}, ${kind}`,
    `  health: ${describeHealth(backend.healthCheck)}`,
    `  ejection: ${describeEjection(backend)}`,
    `  sticky: ${describeSticky(backend)}`,
    `  retries: ${describeRetries(backend)}`,
    ...(backend.panicThreshold === 0 ? [] : [`  panic below: ${describeShare(backend.panicThreshold)} up`]),
    ...(backend.slowStart === 0 ? [] : [`  slow start: ${formatDuration(backend.slowStart)}`]),
    ...servers.map(describeServer),
  ];
}

/** A number where 0 is no limit. */
export function orUnlimited(limit: number): string {
  return limit === 0 ? "unlimited" : String(limit);
}

function describeHealth(check: HealthCheckConfig | undefined): string {
  if (check === undefined) return "no probes";
  const { when, type, method, path, url, target, expectedStatus, interval, timeout, rise, fall } = check;
  const asked = type === "tcp"
    ? "a connection"
    : type === "connect"
    ? `a tunnel to ${target}`
    : `${method} ${url ?? path}, ${expectedStatus.map(describeStatuses).join(" or ")}`;
  const times = `every ${formatDuration(interval)}, timeout ${formatDuration(timeout)}`;
  const whom = when === "ejected" ? ", of ejected servers alone" : "";
  return `${asked}${whom}, ${times}, rise ${rise}, fall ${fall}`;
}

function describeStatuses({ from, to }: StatusRange): string {
  if (from === to) return String(from);
  return from % 100 === 0 && to === from + 99 ? `${from / 100}xx` : `${from}-${to}`;
}

function describeEjection({ ejection }: BackendConfig): string {
  const { enabled, failures, failureShare, minRequests, window, time, maxTime } = ejection;
  if (!enabled) return "off";
  const share = failureShare === 0
    ? ""
    : ` or ${describeShare(failureShare)} of at least ${minRequests} requests in ${formatDuration(window)}`;
  return `${failures} failures in a row${share}, for ${formatDuration(time)} up to ${
    formatDuration(maxTime)
  }`;
}

/** The cookie; never what it is signed with. */
function describeSticky({ name, sticky }: BackendConfig): string {
  if (sticky === undefined) return "off";
  const { cookie = `sluice_${name}`, maxAge, secret } = sticky;
  const kept = maxAge === 0 ? "until the browser is closed" : `for ${formatDuration(maxAge)}`;
  return `cookie ${cookie}, kept ${kept}, ${secret === undefined ? "new at a restart" : "with a secret"}`;
}

function describeRetries({ retries: { attempts, budget, deadline, hedge } }: BackendConfig): string {
  if (attempts === 1) return "off";
  const until = deadline === 0 ? "" : `, within ${formatDuration(deadline)}`;
  return `up to ${attempts - 1}, of ${describeShare(budget)} of the requests${until}${
    hedge === false ? "" : `, hedged after ${formatHedgeTime(hedge)}`
  }`;
}

function describeServer(server: ServerConfig): string {
  const { url, weight, priority, maxConnections, maxRequests, resolve, healthCheck } = server;
  const { port, path, host } = healthCheck;
  const parts = [`weight ${weight}`, `priority ${priority}`, `connections ${orUnlimited(maxConnections)}`];
  if (maxRequests > 0) parts.push(`${maxRequests} requests between probes`);
  if (resolve !== "one") parts.push(`resolve ${resolve}`);
  if (port !== undefined) parts.push(`probed at port ${port}`);
  if (path !== undefined) parts.push(`probed at ${path}`);
  if (host !== undefined) parts.push(`probed as ${host}`);
  return `  ${url} (${parts.join(", ")})`;
}
