import type { CacheConfig } from "../config/sections/cache.ts";
import { formatDuration } from "../base/units.ts";
import type { CacheResult } from "../message/exchange.ts";
import type { Stage, StageCourse, StageParts } from "../message/stage.ts";
import type { Count } from "../message/stage-metrics.ts";
import type { CacheStore } from "./store.ts";
import { CachedWay } from "./way.ts";

const RESULTS: readonly CacheResult[] = ["hit", "miss", "stale", "revalidated", "collapsed", "bypass"];

/** Of a handler of which nothing is known. */
const NO_COURSE: StageCourse = { text: "", ownLines: [], told: new Set() };

/** Keeps answers for later requests, and answers those by them, as a shared cache does (RFC 9111). */
export function cacheStage(
  config: CacheConfig,
  { at, counts, schemeOf }: StageParts,
  store: CacheStore,
): Stage {
  const ofResults = Object.fromEntries(
    RESULTS.map((result) => [result, counts.count("sluice_cache_requests_total", { result })]),
  ) as Record<CacheResult, Count>;
  return {
    words: `cache: ${wordsOf(config)}`,
    around(next, course = NO_COURSE) {
      const way = new CachedWay({
        config,
        store,
        counts: ofResults,
        schemeOf,
        origin: `${at} ${course.text}`,
        course,
        next,
      });
      return (request, taker) => way.serve(request, taker);
    },
  };
}

function wordsOf({ defaultTtl, staleWhileRevalidate, staleIfError }: CacheConfig): string {
  return [
    defaultTtl === undefined ? "as servers say" : `${formatDuration(defaultTtl)} where servers say nothing`,
    ...(staleWhileRevalidate > 0 ? [`${formatDuration(staleWhileRevalidate)} while revalidating`] : []),
    ...(staleIfError > 0 ? [`${formatDuration(staleIfError)} where servers fail`] : []),
  ].join(", ");
}
