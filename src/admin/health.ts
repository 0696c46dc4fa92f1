import type { Backend } from "../backend/backend.ts";
import { z } from "zod";

/** What `/health` says: names of what serves, in the words of pyLoadBalancer. */
export const healthSchema = z.object({
  status: z.enum(["ok", "degraded"]).describe("degraded: a backend has no server that gets requests."),
  healthy_backends: z.array(z.string()).describe("URLs of all servers that get requests."),
  degraded: z.array(z.string()).describe("Names of the backends without one."),
});

/** How the backends are, at this moment. */
export function healthOf(backends: Iterable<Backend>): z.output<typeof healthSchema> {
  const healthy = new Set<string>();
  const degraded: string[] = [];
  for (const { name, available } of backends) {
    if (available.length === 0) degraded.push(name);
    for (const server of available) healthy.add(server.name);
  }
  return { status: degraded.length === 0 ? "ok" : "degraded", healthy_backends: [...healthy], degraded };
}

/** Whether every backend without which the proxy is of no use has a server that gets requests. */
export function servesCritical(backends: Iterable<Backend>): boolean {
  for (const { config, available } of backends) if (config.critical && available.length === 0) return false;
  return true;
}
