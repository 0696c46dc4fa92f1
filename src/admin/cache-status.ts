import type { CacheStore } from "../cache/store.ts";
import type { StageMetrics } from "../message/stage-metrics.ts";

/** What is kept of answers, and what that was good for. */
export interface CacheStatus {
  /** Of all that is kept, with heads; and as many as may be. */
  readonly bytes: number;
  readonly size: number;
  readonly objects: number;
  readonly evictions: number;
  /** Requests that came by a cache, by what it did for them. */
  readonly requests: Readonly<Record<string, number>>;
}

/** Everything about the cache at this moment; undefined where there is none. */
export function statusOfCache(
  store: CacheStore | undefined,
  stages: Pick<StageMetrics, "samples">,
): CacheStatus | undefined {
  if (store === undefined) return undefined;
  const requests: Record<string, number> = {};
  for (const { name, labels, value } of stages.samples()) {
    if (name !== "sluice_cache_requests_total") continue;
    const result = labels["result"]!;
    requests[result] = (requests[result] ?? 0) + value;
  }
  const { bytes, objects, evictions, config: { size } } = store;
  return { bytes, size, objects, evictions, requests };
}
