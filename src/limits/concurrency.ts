import { ProxyError } from "../base/errors.ts";
import { formatDuration } from "../base/units.ts";
import type { ConcurrencyConfig } from "../config/sections/concurrency.ts";
import { clientsIn } from "../config/values/trusted-proxy.ts";
import type { Stage, StageParts } from "../message/stage.ts";
import { Admission, PlaceQueue } from "./admission.ts";
import { compileKey } from "./request-key.ts";

/** Has only so many requests of one key under way at once; some may wait for others to end. */
export function concurrencyStage(config: ConcurrencyConfig, parts: StageParts): Stage {
  const { limit, by, ipv6Prefix, queue, queueTimeout, exempt, maxKeys } = config;
  const { counts } = parts;
  const { table, waits } = parts.kept.take(
    `concurrency ${parts.at}`,
    { limit, by, ipv6Prefix, queue, queueTimeout, maxKeys },
    () => new PlaceQueue(config),
  );
  const keyOf = compileKey(by, ipv6Prefix);
  const isExempt = exempt.length === 0 ? undefined : clientsIn(exempt);
  const overflows = counts.count("sluice_concurrency_overflows_total");
  const refused = counts.count("sluice_concurrency_refused_total", { result: "full" });
  const late = counts.count("sluice_concurrency_refused_total", { result: "late" });
  counts.gauge("sluice_concurrency_keys", () => table.keys);
  counts.gauge("sluice_concurrency_requests", () => table.active);
  counts.gauge("sluice_concurrency_waiting", () => table.waiting);
  // A client that asks for too much is told so; where all share one count it is the site that is busy.
  const [full, timeout] = by.parts.length === 0
    ? ["queue_full", "queue_timeout"] as const
    : ["concurrency_limited", "concurrency_limited"] as const;
  const underWay = `${limit} requests by ${by.text} are under way${queue === 0 ? "" : `, and ${queue} wait`}`;
  const within = `within queue_timeout (${formatDuration(queueTimeout)})`;
  const refusals = {
    full: new ProxyError(full, underWay),
    late: new ProxyError(timeout, `None of ${limit} requests by ${by.text} ended ${within}`),
  };
  return {
    words: `concurrency: ${limit} by ${by.text}${queue === 0 ? "" : `, and ${queue} wait`}`,
    around: (next) => (request, taker) => {
      const { exchange } = request;
      if (isExempt?.(exchange.client) === true) return next(request, taker);
      const { place, isShared } = table.of(keyOf(request));
      if (isShared) overflows.value++;
      const admission = new Admission(request, { taker, next, table, place, waits, refusals, late });
      if (table.enter(place)) return admission.begin();
      if (table.wait(place, admission)) return admission.wait();
      refused.value++;
      taker.onFailed(exchange, refusals.full);
    },
  };
}
