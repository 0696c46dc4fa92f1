import { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { size } from "../values/value-types.ts";
import { accessSchema } from "./access.ts";
import { authSchema } from "./auth.ts";
import { cacheSchema } from "./cache.ts";
import { compressSchema } from "./compress.ts";
import { concurrencySchema } from "./concurrency.ts";
import { corsSchema } from "./cors.ts";
import { faultSchema } from "./fault.ts";
import { maintenanceSchema } from "./maintenance.ts";
import { middlewareSchema } from "./middleware.ts";
import { rateLimitSchema } from "./rate-limit.ts";
import { secureHeadersSchema } from "./secure-headers.ts";
import { circuitBreakerSchema } from "./circuit-breaker.ts";
import { section } from "./section.ts";
import { writtenAs } from "../values/written.ts";

/**
 * What requests pass on their way to who answers them, in this order: the first is met first, and sees the answer last.
 * A frontend has these keys, and so have its rules and routes; one that has a key itself goes by that in place of its
 * frontend's, and by none where it says `false`.
 */
const schemas = {
  secure_headers: secureHeadersSchema,
  cors: corsSchema,
  access: accessSchema,
  maintenance: maintenanceSchema,
  rate_limit: rateLimitSchema,
  concurrency: concurrencySchema,
  auth: authSchema,
  /** Body of one request, in place of `limits.body_size`; more is answered 413. @example "1GB" */
  request_body_limit: size,
  fault: faultSchema,
  middleware: middlewareSchema,
  compress: compressSchema,
  /** Body of one answer, as it comes from the server; more is answered 502, or cut. @example "100MB" */
  response_body_limit: size,
  cache: cacheSchema,
  circuit_breaker: circuitBreakerSchema,
};

/** The same, as names of keys. */
export const STAGE_KEYS = Object.keys(schemas) as StageKey[];

export type StageKey = keyof typeof schemas;

/** The keys of a frontend. */
export const stageKeys = each((schema) => schema.exactOptional()) as {
  [Key in StageKey]: z.ZodExactOptional<(typeof schemas)[Key]>;
};

/** The keys of a rule or a route. */
export const ownStageKeys = each((schema) => offOr(schema).exactOptional()) as {
  [Key in StageKey]: z.ZodExactOptional<OffOr<(typeof schemas)[Key]>>;
};

const stagesSchema = section(stageKeys);
const ownStagesSchema = section(ownStageKeys);

/** What a frontend asks for. */
export type StagesConfig = Frozen<z.output<typeof stagesSchema>>;

/** What a rule or a route asks for itself. */
export type OwnStagesConfig = Frozen<z.output<typeof ownStagesSchema>>;

type OffOr<Schema extends z.ZodType> = z.ZodPipe<
  z.ZodUnknown,
  z.ZodTransform<z.output<Schema> | false>
>;

/** What `schema` reads, or `false`. */
function offOr<Schema extends z.ZodType>(schema: Schema): OffOr<Schema> {
  const own = z.unknown().transform((written, context) => {
    if (written === false) return false;
    // A key that is not there is asked as well, in each of ten thousand routes.
    if (written === undefined) {
      context.addIssue("is undefined");
      return z.NEVER;
    }
    const result = schema.safeParse(written);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      context.issues.push({ ...issue, input: written } as z.core.$ZodRawIssue);
    }
    return z.NEVER;
  });
  return writtenAs(own, { either: [schema, false] });
}

function each(change: (schema: (typeof schemas)[StageKey]) => z.ZodType): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(schemas).map(([key, schema]) => [key, change(schema)]));
}
