/** A regular expression of other programs (PCRE) as JavaScript writes it; undefined where it has what that does not know. */
export function toPattern(source: string): string | undefined {
  const ignoresCase = source.startsWith("(?i)");
  const written = (ignoresCase ? source.slice(4) : source).replaceAll("(?P<", "(?<").replaceAll("\\A", "^")
    .replaceAll("\\z", "$");
  const pattern = ignoresCase ? `(?i:${written})` : written;
  if (/\[\[:|\(\?>|\(\?[+-]?\d|[*+?}]\+|\\[hHRKG]/.test(pattern)) return undefined;
  try {
    new RegExp(pattern);
    return pattern;
  } catch {
    return undefined; // recursion, conditions and the like
  }
}
