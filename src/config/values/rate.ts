import { suggest } from "../../base/suggest.ts";
import { refuseValue } from "../problems/wording.ts";
import { parsed } from "./value-types.ts";

/** So many in so long. */
export interface Rate {
  readonly count: number;
  readonly ms: number;
  /** As it was written: `10/s`. */
  readonly text: string;
}

const RATE_FORM = 'a number from 1 to 1000000 in s, min, h or d, such as "10/s" or "1000/h"';
const MAX_COUNT = 1_000_000;

const UNITS: ReadonlyMap<string, number> = new Map([
  ["s", 1000],
  ["min", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** How often something may happen, as `10/s`. */
export const rate = parsed(RATE_FORM, parseRate, /^0*(?:[1-9]\d{0,5}|1000000)\/(?:s|min|h|d)$/);

function parseRate(text: string): Rate {
  const [, digits = "", unit = ""] = /^(\d{1,9})\/([a-z]+)$/.exec(text) ?? [];
  const count = Number(digits);
  const ms = UNITS.get(unit);
  if (ms !== undefined && count >= 1 && count <= MAX_COUNT) return { count, ms, text };
  const near = ms === undefined && unit !== "" ? suggest(unit, [...UNITS.keys()]) : undefined;
  throw new RangeError(refuseValue(text, RATE_FORM, near && `${digits}/${near}`));
}
