import type { z } from "zod";
import { adminSchema } from "./sections/admin.ts";
import { backendsSchema, resolveBackends } from "./sections/backend.ts";
import { cacheStoreSchema } from "./sections/cache-store.ts";
import { defaultsSchema } from "./sections/defaults.ts";
import { duration, list, text } from "./values/value-types.ts";
import type { Frozen } from "./freeze.ts";
import { frontendsSchema } from "./sections/frontend.ts";
import { pyhaproxyHealthSchema } from "./sections/health-check.ts";
import { limitsSchema } from "./sections/limits.ts";
import { logSchema } from "./sections/log.ts";
import { metricsSchema } from "./sections/metrics.ts";
import { resolverSchema } from "./sections/resolver.ts";
import { section } from "./sections/section.ts";
import { shutdownSchema } from "./sections/shutdown.ts";
import { testsSchema } from "./sections/tests.ts";
import { tracingSchema } from "./sections/tracing.ts";

/** The whole config, one file per section. References between sections are checked in `references.ts`. */
export const configSchema = section({
  admin: adminSchema.exactOptional(),
  log: logSchema.prefault({}),
  metrics: metricsSchema.prefault({}),
  tracing: tracingSchema.exactOptional(),
  shutdown: shutdownSchema.prefault({}),
  limits: limitsSchema.prefault({}),
  resolver: resolverSchema.prefault({}),
  /** What answers that are kept may take up, all of them together; which are kept says `cache` of a frontend or a route. */
  cache: cacheStoreSchema.prefault({}),
  /** Between two looks at the config file, where a change is taken over; 0 is off. */
  reload_interval: duration.prefault("2s"),
  /** Where clients come in, and what becomes of their requests. */
  frontends: frontendsSchema,
  defaults: defaultsSchema.prefault({}),
  /** As pyhaproxy spells and means it: a check for every backend, in which a redirect passes as well and one result decides. */
  healthcheck: pyhaproxyHealthSchema.prefault({}),
  /** Sets of servers, by the names that frontends call them. */
  backends: backendsSchema.prefault({}),
  /** Requests, and what is to become of them: a config that fails one is not taken over. */
  tests: testsSchema.prefault([]),
  /**
   * Further files of the config, as seen from this one: paths, or patterns such as `conf.d/*.toml`.
   * @example ["conf.d/*.toml"]
   */
  include: list(text('a path, or a pattern such as "conf.d/*.toml"'), "a list of paths and patterns")
    .exactOptional(),
}).transform(({ healthcheck, ...config }) => ({
  ...config,
  backends: resolveBackends(config.backends, config.defaults, healthcheck),
}));

/** A valid config: every default filled in, every text parsed, frozen all the way down. */
export type Config = Frozen<z.output<typeof configSchema>>;
