import { trimBlanks } from "./list.ts";

/** Members of an Accept that are looked at; a longer one is a client's mistake, or an attempt to keep us busy. */
const MAX_MEMBERS = 32;

/**
 * The media type of `offered` that a client with this `Accept` likes best (RFC 9110 §12.5.1); among equals the
 * one that it names first, then the first offered. Without an Accept it is the first offered. Undefined where the
 * client takes none of them.
 */
export function preferredType<const Type extends string>(
  accept: string | undefined,
  offered: readonly [Type, ...Type[]],
): Type | undefined {
  if (accept === undefined) return offered[0];
  const ranges = accept.toLowerCase().split(",", MAX_MEMBERS).map(parseRange);
  let best: Type | undefined;
  let its: Range | undefined;
  for (const type of offered) {
    const range = rangeFor(type, ranges);
    if (range === undefined || range.quality === 0 || (its !== undefined && !isBetter(range, its))) continue;
    best = type;
    its = range;
  }
  return best;
}

interface Range {
  readonly type: string;
  readonly quality: number;
  /** Position in the field. */
  readonly position: number;
}

function parseRange(member: string, position: number): Range {
  const [type = "", ...parameters] = member.split(";").map(trimBlanks);
  const quality = parameters.find((parameter) => parameter.startsWith("q="));
  const value = quality === undefined ? 1 : Number(quality.slice(2));
  return { type, quality: value >= 0 && value <= 1 ? value : 0, position };
}

/** The most specific range that fits `type` decides. */
function rangeFor(type: string, ranges: readonly Range[]): Range | undefined {
  for (const pattern of [type, `${type.slice(0, type.indexOf("/"))}/*`, "*/*"]) {
    const range = ranges.find((range) => range.type === pattern);
    if (range !== undefined) return range;
  }
  return undefined;
}

function isBetter(a: Range, b: Range): boolean {
  return a.quality > b.quality || (a.quality === b.quality && a.position < b.position);
}
