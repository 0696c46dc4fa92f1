import { TICK } from "../base/tick.ts";
import type { LimitConfig, RateLimitConfig } from "../config/sections/rate-limit.ts";
import type { Handler } from "../message/handler.ts";
import type { Stage, StageParts } from "../message/stage.ts";
import { Limit, takeOfAll } from "./limit.ts";
import { LimitFields, refuse } from "./limit-fields.ts";
import { SharedLimits } from "./shared-limits.ts";

/** Lets so many requests through in so long: each has to pass all limits, and takes a token of all of them or of none. */
export function rateLimitStage(config: RateLimitConfig, parts: StageParts): Stage {
  const limits = config.map((limit) => new Limit(limit, parts));
  const stored = limits.filter(({ config }) => config.store !== undefined);
  const shared = stored.length === 0 ? undefined : new SharedLimits(stored, parts);
  return {
    words: `rate_limit: ${config.map(wordsOf).join(", ")}`,
    around: (next) => shared === undefined ? inMemory(limits, next) : shared.around(limits, next),
  };
}

/** Decides by what this proxy knows, at once. */
function inMemory(limits: readonly Limit[], next: Handler): Handler {
  const shows = limits.some(({ config }) => config.headers);
  return (request, taker) => {
    const { exchange } = request;
    const now = TICK.now();
    for (let i = 0; i < limits.length; i++) limits[i]!.find(request);
    const refusing = takeOfAll(limits, now);
    if (refusing === undefined && !shows) return next(request, taker);
    const fields = new LimitFields();
    for (let i = 0; i < limits.length; i++) fields.add(limits[i]!, now);
    if (refusing !== undefined) return refuse(exchange, taker, refusing, fields);
    fields.show(exchange);
    next(request, taker);
  };
}

function wordsOf({ rate, burst = rate.count, by, dryRun, store }: LimitConfig): string {
  return [
    rate.text,
    ...(burst === rate.count ? [] : [`burst ${burst}`]),
    `by ${by.text}`,
    ...(store === undefined ? [] : [`in ${store.shown}`]),
    ...(dryRun ? ["(dry run)"] : []),
  ].join(" ");
}
