/** Numbers and times as people read them: as many digits as mean something, so that columns hold still. */

/** A rate: `0`, `3.4`, `128`, `1.24k`. */
export function rate(perSecond) {
  if (perSecond === null || perSecond === undefined) return "–";
  if (perSecond === 0) return "0";
  if (perSecond < 10) return perSecond.toFixed(1);
  return count(Math.round(perSecond));
}

/** A whole number: `128`, `1.24k`, `3.10M`. */
export function count(number) {
  if (number < 1000) return String(number);
  if (number < 1e6) return `${short(number / 1000)}k`;
  if (number < 1e9) return `${short(number / 1e6)}M`;
  return `${short(number / 1e9)}G`;
}

function short(number) {
  return number < 10 ? number.toFixed(2) : number < 100 ? number.toFixed(1) : String(Math.round(number));
}

/** Milliseconds with their unit apart: `["2.3", "ms"]`, `["1.20", "s"]`. */
export function latency(ms) {
  if (ms === null || ms === undefined) return ["–", ""];
  if (ms < 10) return [ms.toFixed(1), "ms"];
  if (ms < 999.5) return [String(Math.round(ms)), "ms"];
  return [short(ms / 1000), "s"];
}

/** A share: `0 %`, `0.04 %`, `12 %`. */
export function percent(share) {
  if (share === 0) return "0 %";
  const hundredths = share * 100;
  if (hundredths >= 10) return `${Math.round(hundredths)} %`;
  return `${hundredths < 0.01 ? "<0.01" : hundredths < 1 ? hundredths.toFixed(2) : hundredths.toFixed(1)} %`;
}

/** Bytes: `812 B`, `1.24 MB`. */
export function bytes(number) {
  if (number < 1000) return `${number} B`;
  const power = Math.min(4, Math.floor(Math.log10(number) / 3));
  return `${short(number / 1000 ** power)} ${["", "kB", "MB", "GB", "TB"][power]}`;
}

/** A time span: `8 s`, `12 min`, `3 h 20 min`, `5 d`. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} d`;
}

/** `1 server`, `3 servers`. */
export function many(number, one) {
  return `${number} ${one}${number === 1 ? "" : "s"}`;
}

/** The URL of a server without what all have: `10.0.0.2:8080`. */
export function serverName(url) {
  return url.replace(/^http:\/\//, "").replace(/\/$/, "");
}
