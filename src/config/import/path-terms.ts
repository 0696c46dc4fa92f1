/** Whether no path meets both terms, as far as can be seen by what it begins with. */
export function excludes(one: string, other: string): boolean {
  const [a, b] = [literalStart(one), literalStart(other)];
  return a !== undefined && b !== undefined && !a.startsWith(b) && !b.startsWith(a);
}

/** What every path begins with that meets a term; undefined where that is not known. */
function literalStart(term: string): string | undefined {
  const [, plain] = /^path(?:_prefix)? == ([\w./-]+)$/.exec(term) ?? [];
  const [, pattern] = /^path ~ "?\^((?:[\w/-]|\\\.)+)/.exec(term) ?? [];
  if (/\|\||&&/.test(term)) return undefined;
  return plain ?? pattern?.replaceAll("\\", "").slice(0, -1); // the last letter may be there any number of times
}

/** Whether every path that meets `one` meets `other` as well, as far as can be seen by what they begin with. */
export function implies(one: string, other: string): boolean {
  const [, prefix] = /^path_prefix == ([\w./-]+\/)$/.exec(other) ?? [];
  const [, start] = /^path(?:_prefix)? == ([\w./-]+)$/.exec(one) ?? [];
  return one !== other && prefix !== undefined && start?.startsWith(prefix) === true;
}
