import { z } from "zod";
import type { DefaultsConfig } from "./defaults.ts";
import { list, wants } from "./fields.ts";
import type { Frozen } from "./freeze.ts";
import type { PoolConfig } from "./pool.ts";
import { poolOverridesSchema } from "./pool.ts";
import { overrides, section } from "./section.ts";
import { serverSchema } from "./server.ts";
import { type Spread, spread } from "./spread.ts";
import type { UpstreamTimeouts } from "./timeouts.ts";
import { upstreamTimeoutOverridesSchema } from "./timeouts.ts";
import { upstreamTlsSchema } from "./tls.ts";

const NAME_FORM = 'a name of letters, digits, "-", "_" and ".", that starts with a letter or digit';

/** A set of servers and how requests are spread over them. */
export const backendSchema = section({
  ...overrides(spread),
  timeouts: upstreamTimeoutOverridesSchema.prefault({}),
  pool: poolOverridesSchema.prefault({}),
  tls: upstreamTlsSchema.prefault({}),
  servers: list(serverSchema, "a list of one or more servers", 1),
});

/** Backends by name, with only what is written at them. */
export const backendsSchema = z.record(
  z.string().regex(/^[A-Za-z0-9][\w.-]*$/, wants(NAME_FORM)),
  backendSchema,
  wants("a table of backends by name"),
);

/** One backend with its name, and with the defaults where it overrides nothing. */
export interface BackendConfig extends Omit<WrittenBackend, "timeouts" | "pool" | keyof Spread>, Spread {
  readonly name: string;
  readonly timeouts: UpstreamTimeouts;
  readonly pool: PoolConfig;
}

/** Fills in the defaults of every backend. The result has no prototype: every key in it is a backend. */
export function resolveBackends(
  backends: Record<string, WrittenBackend>,
  defaults: DefaultsConfig,
): Record<string, BackendConfig> {
  const resolved: Record<string, BackendConfig> = Object.create(null);
  for (const [name, backend] of Object.entries(backends)) {
    const timeouts = { ...defaults.timeouts, ...backend.timeouts };
    const { balance, hostHeader } = defaults;
    const pool = { ...defaults.pool, ...backend.pool };
    resolved[name] = { balance, hostHeader, ...backend, name, timeouts, pool };
  }
  return resolved;
}

type WrittenBackend = Frozen<z.output<typeof backendSchema>>;
