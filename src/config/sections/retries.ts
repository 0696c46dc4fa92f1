import { z } from "zod";
import { duration, flag, parsed, share, textOr, wants, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { HEDGE, HEDGE_FORM, parseHedgeTime } from "../values/hedge-time.ts";
import { overrides, section } from "./section.ts";
import { statusesSchema } from "../values/statuses.ts";
import { wherever, writtenAs } from "../values/written.ts";

const hedgeTime = textOr(
  parsed(HEDGE_FORM, parseHedgeTime, HEDGE),
  z.literal(false, wants(HEDGE_FORM)),
);

const retries = {
  /** Servers that one request is sent to at most, each once; 1 never repeats. */
  attempts: wholeNumber(1, 10).prefault(2),
  /** Retries as a share of the requests of the last 10 s; three are always allowed. */
  budget: share.prefault(0.2),
  /** Time since the request after which nothing is repeated; 0 is no limit. */
  deadline: duration.prefault("90s"),
  /** Statuses of answers after which an idempotent request goes to another server; none by default. */
  statuses: statusesSchema.prefault([]),
  /** Takes a request with the field Idempotency-Key for idempotent, whatever its method: its server knows a repetition. */
  idempotency_key: flag.prefault(false),
  /**
   * When a GET or HEAD that has no answer yet is sent to a second server as well, of which the first good answer counts;
   * within `attempts` and `budget`.
   */
  hedge: hedgeTime.prefault(false),
  /**
   * Sends any request once more where a connection that was used before dies without a byte of an answer. Nearly always its
   * server had closed it as unused; where it died over the request, that reaches it twice.
   */
  stale_connection: flag.prefault(false),
};

/** When a request goes to another server. */
export const retriesSchema = section(retries);

/** The same keys in a backend, where each overrides the default. */
export const retryOverridesSchema = writtenAs(section(overrides(retries)), {
  rules: [
    wherever({ properties: { attempts: { const: 1 } }, required: ["attempts"] }, {
      properties: { hedge: { const: false } },
    }),
  ],
});

export type RetriesConfig = Frozen<z.output<typeof retriesSchema>>;
