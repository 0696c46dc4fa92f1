import { z } from "zod";
import type { DefaultsConfig } from "./defaults.ts";
import { type EjectionConfig, ejectionOverridesSchema } from "./ejection.ts";
import { choice, duration, flag, list, share, wants } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { type HashConfig, hashOverridesSchema } from "./hash.ts";
import {
  type HealthCheckConfig,
  healthCheckSchema,
  OWN_PROBE,
  resolveHealthCheck,
  type WrittenHealthCheck,
} from "./health-check.ts";
import type { PoolConfig } from "./pool.ts";
import { poolOverridesSchema } from "./pool.ts";
import { type RetriesConfig, retryOverridesSchema } from "./retries.ts";
import { overrides, section } from "./section.ts";
import { type ServerConfig, serverSchema } from "./server.ts";
import { type Spread, spread } from "./spread.ts";
import { stickySchema } from "./sticky.ts";
import type { UpstreamTimeoutsConfig } from "./timeouts.ts";
import { upstreamTimeoutOverridesSchema } from "./timeouts.ts";
import { upstreamTlsSchema } from "./tls.ts";
import { viaName } from "../values/via.ts";
import { atLeastOne, wherever, writtenAs } from "../values/written.ts";

const NAME_FORM = 'a name of letters, digits, "-", "_" and ".", that starts with a letter or digit';

/** A set of servers and how requests are spread over them. */
const backendSchema = section({
  ...overrides(spread),
  hash: hashOverridesSchema.prefault({}),
  timeouts: upstreamTimeoutOverridesSchema.prefault({}),
  pool: poolOverridesSchema.prefault({}),
  retries: retryOverridesSchema.prefault({}),
  ejection: ejectionOverridesSchema.prefault({}),
  health_check: healthCheckSchema.exactOptional(),
  /** What the servers are: they answer themselves, or they are proxies, the parents of a relay. */
  protocol: choice(["http", "proxy"]).prefault("http"),
  /** Time in which a server that came back, or joined others, is brought up to its full weight; 0 is at once. */
  slow_start: duration.prefault("0s"),
  /** Share of the servers that must be up; with fewer, health is ignored. 0 is off: then none up is a 503. */
  panic_threshold: share.prefault(0),
  /** Name of this proxy in the Via that the servers get, in place of the frontend's; `false` sends them none. */
  via: viaName.exactOptional(),
  /** Whether the proxy is of no use without it: while none of its servers gets requests, /ready says 503. */
  critical: flag.prefault(false),
  /** A cookie that keeps clients with their server. */
  sticky: stickySchema.exactOptional(),
  tls: upstreamTlsSchema.prefault({}),
  /** The servers, as URLs or as tables. */
  servers: list(serverSchema, "a list of one or more servers", 1),
});

const ARE_PARENTS = { properties: { protocol: { const: "proxy" } }, required: ["protocol"] };

writtenAs(backendSchema, {
  rules: [
    wherever(ARE_PARENTS, { not: { required: ["sticky"] } }),
    wherever({ not: ARE_PARENTS }, {
      properties: {
        health_check: OWN_PROBE,
        servers: { items: { not: { type: "object", ...atLeastOne("username", "password") } } },
      },
    }),
  ],
});

/** Backends by name, with only what is written at them. */
export const backendsSchema = z.record(
  z.string().regex(/^[A-Za-z0-9][\w.-]*$/, wants(NAME_FORM)),
  backendSchema,
  wants("a table of backends by name"),
);

/** One backend with its name, and with the defaults where it overrides nothing. */
export interface BackendConfig extends Omit<WrittenBackend, Resolved>, Spread {
  readonly name: string;
  readonly timeouts: UpstreamTimeoutsConfig;
  readonly pool: PoolConfig;
  readonly retries: RetriesConfig;
  readonly ejection: EjectionConfig;
  readonly healthCheck: HealthCheckConfig | undefined;
  readonly hash: HashConfig;
  readonly servers: readonly ServerConfig[];
}

type Resolved =
  | "timeouts"
  | "pool"
  | "retries"
  | "ejection"
  | "healthCheck"
  | "hash"
  | "servers"
  | keyof Spread;

/** Fills in the defaults of every backend. The result has no prototype: every key in it is a backend. */
export function resolveBackends(
  backends: Record<string, WrittenBackend>,
  defaults: DefaultsConfig,
  everyCheck: WrittenHealthCheck | undefined,
): Record<string, BackendConfig> {
  const resolved: Record<string, BackendConfig> = Object.create(null);
  for (const [name, backend] of Object.entries(backends)) {
    const timeouts = { ...defaults.timeouts, ...backend.timeouts };
    const { balance, hostHeader, maxRequests: everyMax } = defaults;
    const { maxRequests = everyMax } = backend;
    const servers = backend.servers.map((server) => ({ maxRequests, ...server }));
    const hash = { ...defaults.hash, ...backend.hash };
    const pool = { ...defaults.pool, ...backend.pool };
    const retries = { ...defaults.retries, ...PARENT_RETRIES[backend.protocol], ...backend.retries };
    const ejection = { ...defaults.ejection, ...backend.ejection };
    const healthCheck = resolveHealthCheck(
      backend.protocol,
      everyCheck,
      defaults.healthCheck,
      backend.healthCheck,
    );
    resolved[name] = {
      balance,
      hostHeader,
      ...backend,
      name,
      maxRequests,
      hash,
      servers,
      timeouts,
      pool,
      retries,
      ejection,
      healthCheck,
    };
  }
  return resolved;
}

/** What holds for parents in place of `[defaults]`: a relay asks three of them before it gives up. */
const PARENT_RETRIES = { http: {}, proxy: { attempts: 3 } } as const;

type WrittenBackend = Frozen<z.output<typeof backendSchema>>;
