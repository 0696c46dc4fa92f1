import type { z } from "zod";
import { flag, positiveDuration, wholeNumber } from "./fields.ts";
import type { Frozen } from "./freeze.ts";
import { overrides, section } from "./section.ts";

const ejection = {
  /** Whether failing requests take a server out for a while. */
  enabled: flag.prefault(true),
  /** Failures in a row that eject a server; a refused connection counts for all of them. */
  failures: wholeNumber(1, 1000).prefault(5),
  /** Time of the first ejection; the n-th in a row lasts n times as long. */
  time: positiveDuration.prefault("10s"),
  /** Longest time of an ejection. */
  max_time: positiveDuration.prefault("5m"),
};

/** What failing requests do to a server, in `[defaults]`. */
export const ejectionSchema = section(ejection);

/** The same keys in a backend, where each overrides the default. */
export const ejectionOverridesSchema = section(overrides(ejection));

/** Output type of `ejectionSchema`. */
export type EjectionConfig = Frozen<z.output<typeof ejectionSchema>>;
