/** What `parseDuration` accepts, in words, for error messages. */
export const DURATION_FORM = 'a number with its unit, such as "250ms", "5s", "2m" or "1h"';

/** What `parseSize` accepts, in words, for error messages. */
export const SIZE_FORM = 'a number with its unit, such as "512B", "64KiB", "10MB" or "1GiB"';

// Largest unit first: formatting takes the first one that divides the value.
const DURATION_UNITS: ReadonlyMap<string, number> = new Map([
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
]);

// Binary units come first, so that 65536 is written "64KiB" and 10000000 still "10MB".
const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
  ["GB", 1e9],
  ["MB", 1e6],
  ["KB", 1000],
  ["B", 1],
]);

/**
 * Parses a duration such as `"250ms"`, `"1.5s"`, `"2m"` or `"1h"` to whole milliseconds.
 *
 * A fraction of a millisecond is rounded, but never to zero, which means "off" in many places. Throws a
 * `RangeError` for anything else; a number without a unit is refused because nobody can tell its unit.
 */
export function parseDuration(text: string): number {
  return parseQuantity(text, DURATION_UNITS) ?? refuse("duration", text, DURATION_FORM);
}

/**
 * Parses a size such as `"512B"`, `"64KiB"`, `"10MB"` or `"1GiB"` to whole bytes: `KiB` is 1024, `KB` 1000.
 *
 * Throws a `RangeError` for anything else, a number without a unit included.
 */
export function parseSize(text: string): number {
  return parseQuantity(text, SIZE_UNITS) ?? refuse("size", text, SIZE_FORM);
}

/** Writes whole milliseconds in the largest unit that loses nothing: 90000 is `"90s"`, 1500 is `"1500ms"`. */
export function formatDuration(ms: number): string {
  return formatQuantity(ms, DURATION_UNITS, "ms");
}

/** Writes whole bytes in the largest unit that loses nothing: 65536 is `"64KiB"`, 1000001 is `"1000001B"`. */
export function formatSize(bytes: number): string {
  return formatQuantity(bytes, SIZE_UNITS, "B");
}

function parseQuantity(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : units.get(unit);
  if (factor === undefined) return undefined;
  const exact = Number(digits) * factor;
  const whole = Math.round(exact);
  return Number.isSafeInteger(whole) && (whole > 0 || exact === 0) ? whole : undefined;
}

function formatQuantity(value: number, units: ReadonlyMap<string, number>, smallest: string): string {
  for (const [unit, factor] of units) {
    if (value !== 0 && value % factor === 0) return `${value / factor}${unit}`;
  }
  return `${value}${smallest}`;
}

function refuse(what: string, text: string, accepted: string): never {
  throw new RangeError(`Cannot read the ${what} "${text}": accepted is ${accepted}`);
}
