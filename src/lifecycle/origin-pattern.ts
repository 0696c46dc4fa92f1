import { type BackendConfig, resolveBackends } from "../config/backend.ts";
import { backendsSchema } from "../config/backend.ts";
import type { Config } from "../config/schema.ts";

/**
 * The backend that an origin of a relay is, without its address: what `[defaults]` says of times and connections, and one
 * server that nobody judges, as there is no other.
 */
export function originPattern({ defaults }: Pick<Config, "defaults">): BackendConfig {
  const written = backendsSchema.parse({
    straight: { servers: ["http://origin.invalid"], retries: { attempts: 1 }, ejection: { enabled: false } },
  });
  const { healthCheck: _none, ...rest } = defaults;
  return resolveBackends(written, rest as typeof defaults, undefined)["straight"]!;
}
