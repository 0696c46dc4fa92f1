import { type BackendConfig, backendsSchema, resolveBackends } from "../config/sections/backend.ts";
import type { Config } from "../config/schema.ts";

/** What logs and metrics name in place of a backend where a relay needs no parent. */
export const STRAIGHT = "straight";

/**
 * The backend that an origin of a relay is, without its address: what `[defaults]` says of times and connections, and one
 * server that nobody judges, as there is no other.
 */
export function originPattern({ defaults }: Pick<Config, "defaults">): BackendConfig {
  const written = backendsSchema.parse({
    [STRAIGHT]: {
      servers: ["http://origin.invalid"],
      balance: "roundrobin",
      host_header: "preserve",
      max_requests: 0, // no probe would ever give it new ones
      retries: { attempts: 1 },
      ejection: { enabled: false },
      // An origin that is forgotten, by a reload or for others, has not gone away: its tunnels stay.
      timeouts: { tunnel_drain: "0s" },
    },
  });
  const { healthCheck: _none, ...rest } = defaults;
  return resolveBackends(written, rest as typeof defaults, undefined)[STRAIGHT]!;
}
