import type { Asked } from "./asked.ts";
import type { KeptAnswer } from "./kept-answer.ts";

/**
 * What is done with a kept answer: it is `fresh`, or `stale` and good all the same; or it is sent, and its server asked
 * `behind` the client's back; or its server is to be asked first.
 */
export type Use = "fresh" | "stale" | "behind" | "ask";

/** What is done with `kept` at `now` for a request that wants what is in `asked` (RFC 9111 §4 and §5.2.1, RFC 5861 §3). */
export function useOf(kept: KeptAnswer, asked: Asked, now: number): Use {
  const { terms } = kept;
  if (asked.noCache || terms.asksFirst) return "ask";
  if (asked.maxAge !== undefined && now - kept.madeAt > asked.maxAge) return "ask";
  const left = kept.freshUntil - now;
  if (left > 0 && left >= asked.minFresh) return "fresh";
  if (asked.minFresh > 0) return "ask";
  if (!terms.neverStale && asked.maxStale > 0 && -left <= asked.maxStale) return "stale";
  return -left <= terms.whileRevalidate && terms.whileRevalidate > 0 ? "behind" : "ask";
}

/** Whether `kept` may be sent where its server fails (RFC 5861 §4). */
export function servesOnError({ terms, freshUntil }: KeptAnswer, asked: Asked, now: number): boolean {
  return !asked.noCache && terms.ifError > 0 && now - freshUntil <= terms.ifError;
}
