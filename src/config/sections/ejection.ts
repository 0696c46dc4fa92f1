import type { z } from "zod";
import { flag, positiveDuration, share, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { overrides, section } from "./section.ts";

const ejection = {
  /** Whether servers are ejected. */
  enabled: flag.prefault(true),
  /**
   * Failures in a row that make a server suspect; it is ejected once another server has answered some of those requests,
   * or they are of `min_requests` networks. A refused connection is enough.
   */
  failures: wholeNumber(1, 1000).prefault(5),
  /** Share of the requests of a window that makes a server suspect where it fails; 0 never. */
  failure_share: share.prefault(0.3),
  /** Requests that a window must have for that, and networks whose failures need no proof. */
  min_requests: wholeNumber(1, 1_000_000).prefault(20),
  /** Time over which requests are counted. */
  window: positiveDuration.prefault("10s"),
  /** Time of the first ejection; the n-th in a row lasts n times as long. */
  time: positiveDuration.prefault("10s"),
  /** Longest time of an ejection. */
  max_time: positiveDuration.prefault("5m"),
  /** Whether `rise` passed probes end an ejection before its time. */
  probes_readmit: flag.prefault(false),
};

/** What failing requests do to a server. */
export const ejectionSchema = section(ejection);

/** The same keys in a backend, where each overrides the default. */
export const ejectionOverridesSchema = section(overrides(ejection));

export type EjectionConfig = Frozen<z.output<typeof ejectionSchema>>;
