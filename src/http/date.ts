const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
const IMF = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/;

/** Years in which a two-digit year may lie in the future; further ahead it means the past (RFC 9110 §5.6.7). */
const MAX_YEARS_AHEAD = 50;

/**
 * An HTTP-date in ms since 1970, in any of the three forms of RFC 9110 §5.6.7; undefined for anything else, as what others
 * read out of it is a guess. `now` settles what a two-digit year means.
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  let match = IMF.exec(text);
  if (match !== null) return toMs(match[3]!, match[2]!, match[1]!, match, 4);
  match = RFC_850.exec(text);
  if (match !== null) return toMs(fullYear(Number(match[3]), now), match[2]!, match[1]!, match, 4);
  match = ASCTIME.exec(text);
  return match === null ? undefined : toMs(match[6]!, match[1]!, match[2]!, match, 3);
}

/** A moment as an IMF-fixdate. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

function fullYear(twoDigits: number, now: number): string {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - thisYear % 100 + twoDigits;
  return String(year > thisYear + MAX_YEARS_AHEAD ? year - 100 : year);
}

/** `clock` is where hours, minutes and seconds stand in `match`. */
function toMs(
  year: string,
  month: string,
  day: string,
  match: RegExpExecArray,
  clock: number,
): number | undefined {
  const at = MONTHS.indexOf(month);
  const days = Number(day);
  const hours = Number(match[clock]), minutes = Number(match[clock + 1]), seconds = Number(match[clock + 2]);
  if (at === -1 || at % 3 !== 0 || days < 1 || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  const ms = Date.UTC(Number(year), at / 3, days, hours, minutes, seconds);
  return new Date(ms - seconds * 1000).getUTCDate() === days ? ms : undefined; // 31 February is none
}
