import { inSnakeCase, snakeCase } from "../base/snake-case.ts";
import type { ProxyStatus, StatusSources } from "./status.ts";
import { collectStatus } from "./status.ts";

/** Collects the JSON of `/status`, in steps. */
export function* collectStatusPage(sources: StatusSources): Generator<void, string, void> {
  const status = yield* collectStatus(sources);
  return yield* writeJson({ ...predecessorKeys(status, sources), ...status });
}

/** What http-proxy-lb calls the same things, for programs that read its `/status`. */
function predecessorKeys(status: ProxyStatus, { probes }: StatusSources) {
  const { requests, connectRequests, failed } = status;
  const servers = status.backends.flatMap((backend) => backend.servers);
  return {
    requestsTotal: requests,
    requestsSuccess: requests - failed,
    requestsFailed: failed,
    httpRequests: requests - connectRequests,
    directConnections: status.straightRequests,
    bytesReceived: status.bytesIn,
    bytesSent: status.bytesOut,
    activeConnections: status.connections,
    healthChecksTotal: probes.all,
    healthChecksSuccess: probes.passed,
    hotReloads: status.reloads.done,
    upstreams: servers.map((server) => ({
      url: server.url,
      online: server.available,
      activeConnections: server.inFlight,
      latencyMs: Math.round(server.averageMs ?? 0),
      consecutiveFailures: server.consecutiveFailures,
      weight: server.weight,
      priority: server.priority,
    })),
  };
}

/** The JSON of `value`, with keys as `inSnakeCase` has them: each item of a list is a step. */
function* writeJson(value: object): Generator<void, string, void> {
  if (Array.isArray(value)) {
    const items: string[] = [];
    for (const item of value) {
      items.push(yield* writeJson(item));
      yield;
    }
    return `[${items.join(",")}]`;
  }
  const entries = Object.entries(value);
  if (!entries.some(([, its]) => holdsObjects(its))) return JSON.stringify(inSnakeCase(value));
  const members: string[] = [];
  for (const [key, its] of entries) {
    const text = holdsObjects(its) ? yield* writeJson(its) : JSON.stringify(inSnakeCase(its));
    members.push(`${JSON.stringify(snakeCase(key))}:${text}`);
  }
  return `{${members.join(",")}}`;
}

/** Whether it is a list that may be long. */
function holdsObjects(value: unknown): value is readonly object[] {
  return Array.isArray(value) && typeof value[0] === "object";
}
