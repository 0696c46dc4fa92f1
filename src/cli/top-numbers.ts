/*
 * Numbers as the dashboard says them. Its own module is text for the page, and a bundler takes a file as text or as code, not
 * as both.
 */

/** A number with three digits at most: `7`, `3.4k`, `128M`. */
export function shortCount(number: number): string {
  for (const unit of ["", "k", "M", "G"]) {
    if (number < 999.5) return short(number, unit === "" ? 0 : 1) + unit;
    number /= 1000;
  }
  return `${Math.round(number)}T`;
}

/** A rate: `0`, `3.4`, `128`. */
export function shortRate(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : shortCount(perSecond);
}

/** Milliseconds: `2.3 ms`, `83 ms`, `1.2 s`; a dash where there are none. */
export function shortMs(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 999.5 ? `${short(ms, 1)} ms` : `${short(ms / 1000, 1)} s`;
}

/** A share: `0 %`, `0.04 %`, `12 %`. */
export function shortShare(share: number): string {
  const hundredths = share * 100;
  return `${
    hundredths === 0 || hundredths >= 10 ? Math.round(hundredths) : hundredths.toFixed(hundredths < 1 ? 2 : 1)
  } %`;
}

/** A time span: `8 s`, `12 min`, `3 h`, `5 d`. */
export function shortSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

function short(number: number, digits: number): string {
  return number < 10 && number !== 0 ? number.toFixed(digits) : String(Math.round(number));
}
