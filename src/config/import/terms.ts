/** What is true of every request. */
export const ALWAYS = "";

/** A value as conditions write it: in quotes where it would end too early. */
function conditionValue(text: string): string {
  return /^[\w./*:-]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}

/** `subject == a`, or `subject in [a, b]`. */
export function isOneOf(subject: string, values: readonly string[]): string {
  const written = values.map(conditionValue);
  return written.length === 1 ? `${subject} == ${written[0]}` : `${subject} in [${written.join(", ")}]`;
}

/** `subject ~ pattern`. Where the case does not count the pattern says so. */
export function fitsPattern(subject: string, pattern: string, ignoreCase = false): string {
  return `${subject} ~ ${conditionValue(ignoreCase ? `(?i:${pattern})` : pattern)}`;
}

/** All of the terms; those that are always true are left out. */
export function allOf(terms: readonly string[]): string {
  const some = terms.filter((term) => term !== ALWAYS);
  return some.length === 1 ? some[0]! : some.map((term) => isAny(term) ? `(${term})` : term).join(" && ");
}

/** One of the terms. */
export function anyOf(terms: readonly string[]): string {
  return terms.includes(ALWAYS) ? ALWAYS : terms.join(" || ");
}

/** The opposite of a term that is not always true. */
export function notOf(term: string): string {
  const equal = /^(host|path|path_prefix|method|src|header\([\w-]+\)) == (\S+|"[^"\\]*")$/.exec(term);
  if (equal !== null) return `${equal[1]} != ${equal[2]}`;
  return `!(${term})`;
}

/** The source of a regular expression that finds `text` itself. */
export function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Whether a term is one of several alternatives, which `&&` would tear apart. */
function isAny(term: string): boolean {
  const plain = term.replace(/"(?:\\"|[^"])*"/g, '""');
  let depth = 0;
  for (let i = 0; i < plain.length; i++) {
    if (plain[i] === "(") depth++;
    if (plain[i] === ")") depth--;
    if (depth === 0 && plain.startsWith("||", i)) return true;
  }
  return false;
}
