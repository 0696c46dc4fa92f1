import { ProxyError } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import type { AnswerTaker } from "../message/answer-taker.ts";
import type { Handler } from "../message/handler.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { StageParts } from "../message/stage.ts";
import type { Count } from "../message/stage-metrics.ts";
import { waitOf } from "./bucket.ts";
import { type Limit, takeOfAll } from "./limit.ts";
import { LimitFields, refuse } from "./limit-fields.ts";
import { RedisStore } from "./redis-store.ts";
import type { SharedBucket, SharedBuckets, SharedDecision } from "./shared-buckets.ts";

/** A limit in a store, with its key for one request. */
interface Asked {
  readonly limit: Limit;
  readonly key: string;
}

/** Limits in a store, which is asked when those that are in memory have let a request through. */
export class SharedLimits {
  readonly #limits: readonly Limit[];
  readonly #store: SharedBuckets;
  /** Requests that were decided without the store. */
  readonly #failures: Count;

  /** `limits` all have the same store; a reload that names it as well keeps it. */
  constructor(limits: readonly Limit[], { counts, kept, log }: StageParts) {
    const { store } = limits[0]!.config;
    const timeout = Math.min(...limits.map(({ config }) => config.storeTimeout));
    const name = `redis ${store!.url} ${timeout}`;
    const opened = kept.take(name, undefined, () => new RedisStore(store!, timeout, log));
    this.#limits = limits;
    this.#store = opened;
    this.#failures = counts.count("sluice_rate_limit_store_failures_total");
    counts.gauge("sluice_rate_limit_store_up", () => opened.isUp ? 1 : 0);
  }

  /** `next` behind all limits of a stage. */
  around(limits: readonly Limit[], next: Handler): Handler {
    const own = limits.filter((limit) => !this.#limits.includes(limit));
    return (request, taker) => {
      const { exchange } = request;
      for (const limit of limits) limit.find(request);
      const now = TICK.now();
      const fields = new LimitFields();
      const refusing = takeOfAll(own, now);
      for (const limit of own) fields.add(limit, now);
      if (refusing !== undefined) return refuse(exchange, taker, refusing, fields);
      const taken = own.filter(({ wait }) => wait === 0).map((limit) => ({ limit, key: limit.key }));
      const asked = this.#limits.flatMap((limit) =>
        limit.key === undefined ? [] : [{ limit, key: limit.key }]
      );
      if (asked.length === 0) return pass(request, taker, next, fields);
      this.#store.take(asked.map(toBucket), (decision) => {
        if (decision === undefined) this.#failures.value++;
        if (exchange.aborted !== undefined) return taker.onFailed(exchange, exchange.aborted);
        const refusing = decision === undefined
          ? decideWithout(asked, fields)
          : read(decision, asked, fields);
        if (refusing === undefined) return pass(request, taker, next, fields);
        for (const { limit, key } of taken) limit.giveBack(key);
        if (refusing instanceof ProxyError) return taker.onFailed(exchange, refusing);
        refuse(exchange, taker, refusing, fields);
      });
    };
  }
}

function toBucket({ limit, key }: Asked): SharedBucket {
  const { size: { interval, burst }, config: { dryRun: dry } } = limit;
  return { key: limit.nameOf(key), interval, burst, dry };
}

/** What the store's decision means: the limit that refuses the request for longest, or undefined where it may pass. */
function read({ passes, missing }: SharedDecision, asked: readonly Asked[], fields: LimitFields) {
  const now = TICK.now();
  let refusing: Limit | undefined;
  asked.forEach(({ limit, key }, i) => {
    const { size, config: { dryRun, headers } } = limit;
    const wait = limit.wait = waitOf(missing[i]!, 0, size);
    limit.key = key;
    if (!passes && !dryRun && (refusing === undefined || wait > refusing.wait)) refusing = limit;
    if (passes && dryRun && wait > 0) limit.refused.value++;
    const after = passes && wait === 0 ? missing[i]! + size.interval : missing[i]!;
    limit.follow(key, now + after, now);
    if (headers) fields.addState(limit, after, 0);
  });
  return refusing;
}

/** Decides without the store: by buckets of this proxy alone, or not at all. */
function decideWithout(asked: readonly Asked[], fields: LimitFields): Limit | ProxyError | undefined {
  const closed = asked.find(({ limit: { config } }) => config.onStoreFailure === "closed" && !config.dryRun);
  if (closed !== undefined) return UNKNOWN;
  const local = asked.filter(({ limit }) => limit.config.onStoreFailure === "local");
  for (const { limit, key } of local) limit.key = key;
  const limits = local.map(({ limit }) => limit);
  const now = TICK.now();
  const refusing = takeOfAll(limits, now);
  for (const limit of limits) fields.add(limit, now);
  return refusing;
}

const UNKNOWN = new ProxyError("limit_unknown", "The store of a limit does not answer");

function pass(request: IncomingRequest, taker: AnswerTaker, next: Handler, fields: LimitFields): void {
  fields.show(request.exchange);
  next(request, taker);
}
