import type { z } from "zod";
import { wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { overrides, section } from "./section.ts";

const pool = {
  /** Unused connections kept per server; 0 keeps none. */
  max_idle: wholeNumber(0).prefault(64),
};

/** Connections that are kept for later requests. */
export const poolSchema = section(pool);

/** The same keys in a backend, where each overrides the default. */
export const poolOverridesSchema = section(overrides(pool));

export type PoolConfig = Frozen<z.output<typeof poolSchema>>;
