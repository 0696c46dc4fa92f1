import { limitsSchema } from "../../src/config/sections/limits.ts";
import type { CodecLimits } from "../../src/http/head-limits.ts";

/** The limits of a head where the config says nothing of them. */
export const DEFAULT_LIMITS: CodecLimits = limitsSchema.parse({});
