import { formatDuration } from "../../../base/units.ts";

const UNITS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const MAX_MS = 2 ** 31 - 1;

/** A time of HAProxy, such as `5s`, or `5000` in ms; undefined where it is none. */
export function haproxyMs(text: string | undefined): number | undefined {
  const [, digits, unit = "ms"] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text ?? "") ?? [];
  return digits === undefined ? undefined : Math.min(Math.ceil(Number(digits) * UNITS[unit]!), MAX_MS);
}

/** The same as our config writes it. */
export function haproxyDuration(text: string | undefined): string | undefined {
  const ms = haproxyMs(text);
  return ms === undefined ? undefined : ms === 0 ? "0s" : formatDuration(ms);
}
