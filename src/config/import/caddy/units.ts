import { formatDuration, formatSize } from "../../../base/units.ts";

const TIMES: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const SIZES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};
const MAX_MS = 2 ** 31 - 1;

/** A time of Go, such as `1h30m`, as our config writes it; undefined where it is none. A number alone is in ns. */
export function caddyDuration(text: string): string | undefined {
  if (text === "0") return "0s";
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, digits, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h|d)/g)) {
    ms += Number(digits) * TIMES[unit!]!;
  }
  return ms === 0 ? "0s" : formatDuration(Math.min(Math.max(1, Math.round(ms)), MAX_MS));
}

/** A size such as `10MB` as our config writes it; undefined where it is none. */
export function caddySize(text: string): string | undefined {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b?)$/i.exec(text) ?? [];
  const factor = SIZES[unit.toLowerCase()];
  const bytes = digits === undefined || factor === undefined ? 0 : Math.round(Number(digits) * factor);
  return bytes > 0 ? formatSize(bytes) : undefined;
}
