import { formatDuration, parseDuration } from "../../base/units.ts";
import { refuseValue } from "../problems/wording.ts";

/** What `parseHedgeTime` accepts, in words, for error messages. */
export const HEDGE_FORM = 'false, a percentile such as "p95", or a duration such as "150ms"';

/** What one looks like; a duration is bounded besides. */
export const HEDGE = /^(?:p[5-9]\d(?:\.\d)?|(?=.*[1-9])\d+(?:\.\d+)?(?:ms|s|m|h))$/;

/** When a second attempt is made beside the first: after so many ms, or after the time that this share of answers takes. */
export type HedgeTime = { readonly ms: number } | { readonly quantile: number };

/** Reads `p95`, from p50 to p99.9, or a duration above zero. Throws a `RangeError` for anything else. */
export function parseHedgeTime(text: string): HedgeTime {
  const [, percent] = /^p([5-9]\d(?:\.\d)?)$/.exec(text) ?? [];
  if (percent !== undefined) return { quantile: Math.round(Number(percent) * 10) / 1000 };
  let ms = 0;
  try {
    ms = parseDuration(text);
  } catch {
    // refused below, in the words of this key
  }
  if (ms >= 1 && ms <= MAX_MS) return { ms };
  throw new RangeError(refuseValue(text, HEDGE_FORM));
}

/** As the config writes it. */
export function formatHedgeTime(time: HedgeTime): string {
  return "ms" in time ? formatDuration(time.ms) : `p${Number((time.quantile * 100).toFixed(1))}`;
}

/** Beyond an hour nobody hedges. */
const MAX_MS = 3_600_000;
