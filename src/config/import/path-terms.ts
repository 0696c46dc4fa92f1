/** Whether no path meets both terms, as far as can be seen by what it begins with, in any case. */
export function excludes(one: string, other: string): boolean {
  const [a, b] = [literalStart(one), literalStart(other)];
  return a !== undefined && b !== undefined && !a.startsWith(b) && !b.startsWith(a);
}

/** What every path begins with that meets a term, in small letters; undefined where that is not known. */
function literalStart(term: string): string | undefined {
  const [, plain] = /^path(?:_prefix)? == ([\w./-]+)$/.exec(term) ?? [];
  const [, pattern] = /^path ~ "?(?:\(\?i:)?\^((?:[\w/-]|\\\.)+)/.exec(term) ?? [];
  if (/\|\||&&/.test(term)) return undefined;
  // The last letter of a pattern may be there any number of times.
  return (plain ?? pattern?.replaceAll("\\", "").slice(0, -1))?.toLowerCase();
}

/** Whether every path that meets `one` meets `other` as well, as far as can be seen by what they begin with. */
export function implies(one: string, other: string): boolean {
  if (one === other) return false;
  const [, anyCase] = /^path ~ "\(\?i:\^((?:[\w/-]|\\\.)+\/)\)"$/.exec(other) ?? [];
  if (anyCase !== undefined) {
    const [, inner] = /^path ~ "\(\?i:\^((?:[\w/-]|\\\.)+)\$?\)"$/.exec(one) ?? [];
    const start = (inner ?? startOf(one)?.replaceAll(".", "\\."))?.toLowerCase();
    return start?.startsWith(anyCase.toLowerCase()) === true;
  }
  const [, prefix] = /^path_prefix == ([\w./-]+\/)$/.exec(other) ?? [];
  return prefix !== undefined && startOf(one)?.startsWith(prefix) === true;
}

function startOf(term: string): string | undefined {
  return /^path(?:_prefix)? == ([\w./-]+)$/.exec(term)?.[1];
}
