import { TICK } from "../base/tick.ts";
import type { Fields } from "../http/fields.ts";
import type { KeptAnswer } from "./kept-answer.ts";
import { withoutOwn } from "./own-lines.ts";
import type { CacheWay, Passing } from "./passing.ts";
import { termsOf } from "./terms.ts";
import { variantOf } from "./vary.ts";

/** A server has said that a kept answer is still good. */
export interface Validation {
  /** The fields of what it said. */
  readonly said: Fields;
  /** When it was asked, in ms since 1970. */
  readonly requestedAt: number;
  /** The request that it was asked for. */
  readonly passing: Passing;
}

/** `kept` as it is from then on, and whether it may be kept any longer. */
export function renewed(
  kept: KeptAnswer,
  { said, requestedAt, passing: { request, asked, fields } }: Validation,
  { rules, parts: { course } }: CacheWay,
): { answer: KeptAnswer; isKept: boolean } {
  const later = withoutOwn(said, course.ownLines, request);
  const merged = kept.fieldsWith(later);
  const receivedAt = Date.now();
  const terms = termsOf({
    status: kept.status,
    fields: merged,
    requestedAt,
    receivedAt,
    authorized: asked.authorized,
  }, rules);
  const answer = kept.freshened(later, {
    terms: terms ?? { ...kept.terms, lifetime: 0, age: 0, asksFirst: true },
    variant: variantOf(merged, fields),
    receivedAt,
    now: TICK.now(),
  });
  return { answer, isKept: terms !== undefined && !asked.noStore };
}
