import type { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { statusesSchema } from "../values/statuses.ts";
import { positiveDuration, share, wholeNumber } from "../values/value-types.ts";
import { section } from "./section.ts";

/** When requests are answered 503 at once, as too many before them failed or were slow. */
export const circuitBreakerSchema = section({
  /** Share of the requests that failed from which on it opens. */
  errors: share.prefault(0.5),
  /** Time to an answer from which on it counts as slow; without it none does. @example "2s" */
  slow: positiveDuration.exactOptional(),
  /** Share of slow ones from which on it opens. */
  slow_share: share.prefault(0.5),
  /** Requests within `window` below which it stays closed. */
  min_requests: wholeNumber(1, 1_000_000).prefault(20),
  /** Time that is looked back. */
  window: positiveDuration.prefault("10s"),
  /** How long it is open before it is tried again. */
  open_for: positiveDuration.prefault("10s"),
  /** Requests that are let through then, at a time and in all; it closes when all have gone well. */
  trial_requests: wholeNumber(1, 1000).prefault(1),
  /** Answers that count as failed, besides requests that failed on the way to a server. */
  statuses: statusesSchema.prefault(["5xx"]),
});

export type CircuitBreakerConfig = Frozen<z.output<typeof circuitBreakerSchema>>;
