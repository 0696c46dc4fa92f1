import { formatDuration } from "../../../base/units.ts";

const TIME_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 2_592_000_000,
  y: 31_536_000_000,
};

/** A time of nginx, such as `60`, `90s` or `1h 30m`, in ms; undefined where it is none. */
export function nginxMs(text: string): number | undefined {
  if (!/^(?:\d+(?:ms|[smhdwMy])?\s*)+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, digits, unit = "s"] of text.matchAll(/(\d+)(ms|[smhdwMy])?/g)) {
    ms += Number(digits) * TIME_UNITS[unit]!;
  }
  return ms;
}

/** The same as our config writes it. */
export function toDuration(text: string): string | undefined {
  const ms = nginxMs(text);
  return ms === undefined || ms > 2 ** 31 - 1 ? undefined : ms === 0 ? "0s" : formatDuration(ms);
}

/** A size of nginx, such as `1m` or `8k`, in bytes; undefined where it is none. */
export function nginxBytes(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d+)([kKmMgG]?)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * 1024 ** ["", "k", "m", "g"].indexOf(unit.toLowerCase());
}
