import { literal } from "../draft.ts";
import type { ForeignText } from "../foreign-files.ts";

/** A word of a Caddyfile. */
export interface CaddyToken {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Whether it stands on another line than the word before it. */
  readonly first: boolean;
  /** Whether it is in quotes, so that it is a word even where it looks like a brace. */
  readonly quoted: boolean;
}

/** Splits a Caddyfile into words; `{$NAME}` becomes a variable of ours. Throws a `ConfigError` for quotes that do not end. */
export function caddyTokens(source: ForeignText): CaddyToken[] {
  const { text } = source;
  const tokens: CaddyToken[] = [];
  let at = 0;
  let first = true;
  while (at < text.length) {
    const character = text[at]!;
    if (character === "\n") first = true;
    if (/\s/.test(character)) at++;
    else if (/^\\\r?\n/.test(text.slice(at, at + 3))) at = text.indexOf("\n", at) + 1;
    else if (character === "#") at = endOfLine(text, at);
    else {
      const { value, end, quoted } = readWord(source, at);
      tokens.push({ text: withVariables(value), start: at, end, first, quoted });
      first = false;
      at = end;
    }
  }
  return tokens;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end;
}

function readWord(source: ForeignText, start: number): { value: string; end: number; quoted: boolean } {
  const { text } = source;
  if (text[start] === '"' || text[start] === "`") return readQuoted(source, start);
  const [marker, name] = /^<<([A-Za-z0-9_-]+)\r?\n/.exec(text.slice(start, start + 200)) ?? [];
  if (name !== undefined) return readHeredoc(source, start + marker!.length, { start, name });
  let end = start;
  let value = "";
  while (end < text.length && !/\s/.test(text[end]!)) {
    if (text[end] === "\\" && /["\\]/.test(text[end + 1] ?? "") && text[end + 1] === '"') end++;
    value += text[end++];
  }
  return { value, end, quoted: false };
}

/** A backslash escapes the quote alone; between backticks nothing is escaped. */
function readQuoted(source: ForeignText, start: number): { value: string; end: number; quoted: boolean } {
  const { text } = source;
  const quote = text[start]!;
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === quote) return { value, end: at + 1, quoted: true };
    if (quote === '"' && text[at] === "\\" && text[at + 1] === '"') at++;
    value += text[at];
  }
  throw source.error(start, "a quote that is never closed");
}

/** Up to a line with the name alone, whose blanks are taken off each line. */
function readHeredoc(
  source: ForeignText,
  from: number,
  { start, name }: { start: number; name: string },
): { value: string; end: number; quoted: boolean } {
  const lines: string[] = [];
  for (let at = from; at < source.text.length;) {
    const end = endOfLine(source.text, at);
    const line = source.text.slice(at, end).replace(/\r$/, "");
    const [, blanks] = new RegExp(`^(\\s*)${name}(?=\\s|$)`).exec(line) ?? [];
    if (blanks !== undefined) {
      const value = lines.map((one) => one.startsWith(blanks) ? one.slice(blanks.length) : one).join("\n");
      return { value, end: at + blanks.length + name.length, quoted: true };
    }
    lines.push(line);
    at = end + 1;
  }
  throw source.error(start, `a text that ${name} never ends`);
}

function withVariables(text: string): string {
  return literal(text).replace(
    /\{\$(\w+)(?::([^}]*))?\}/g,
    (_, name: string, fallback = "") => `\${${name}:-${fallback}}`,
  ).replace(/\{env\.(\w+)\}/g, "${$1:-}");
}
