import type { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { ejectionSchema } from "./ejection.ts";
import { hashSchema } from "./hash.ts";
import { healthCheckSchema, NO_BODY_OF_HEAD, OWN_PROBE } from "./health-check.ts";
import { poolSchema } from "./pool.ts";
import { retriesSchema } from "./retries.ts";
import { section } from "./section.ts";
import { spread } from "./spread.ts";
import { upstreamTimeoutsSchema } from "./timeouts.ts";
import { writtenAs } from "../values/written.ts";

/** What holds for every backend; each backend may override it key by key. */
export const defaultsSchema = section({
  ...spread,
  hash: hashSchema.prefault({}),
  timeouts: upstreamTimeoutsSchema.prefault({}),
  pool: poolSchema.prefault({}),
  retries: retriesSchema.prefault({}),
  ejection: ejectionSchema.prefault({}),
  health_check: writtenAs(healthCheckSchema.exactOptional(), { rules: [OWN_PROBE, NO_BODY_OF_HEAD] }),
});

export type DefaultsConfig = Frozen<z.output<typeof defaultsSchema>>;
