import type { LineAndColumn } from "./lines.ts";
import { findOpenBrackets, skipString } from "./toml-brackets.ts";
import { quoteShort } from "../problems/wording.ts";
import type { Path } from "./positions.ts";
import type { SourceError } from "./source.ts";

/** A mistake as the parser of TOML reports it. */
export interface Refused {
  readonly index: number;
  readonly message: string;
}

/** The parser's words, and ours. What stands in neither table nor code is passed on as it is. */
const WORDS: Readonly<Record<string, string>> = {
  "Unterminated string constant": "is a text without its closing quote",
  "Unterminated table-key": 'is a header without its closing "]"',
  "Empty bare keys are not allowed": "is a line without a key; accepted: key = value",
  "Expected equal (=) token": 'is where a "=" is missing; accepted: key = value',
  "Unspecified values are invalid": 'is where a value is missing, behind "="; accepted: key = value',
  "Expected comma (,) token": 'is where a "," is missing, between two items or two keys',
  "Leading zeros are not allowed": "is a number with a zero in front; accepted: the number alone, or quotes",
  "Invalid character in escape sequence":
    'is no escape; accepted: "\\\\" for a backslash, or single quotes around the text',
  "The key, equals sign, and value must be on the same line":
    "does not stand on the line it began on; accepted: key = value",
};

/** A longer line is no header; the look at one takes the square of its length. */
const MAX_HEADER = 1000;

/** What people write for `true`, `false` and nothing. */
const MEANT: Readonly<Record<string, string>> = {
  true: "true",
  yes: "true",
  on: "true",
  false: "false",
  no: "false",
  off: "false",
};

/** Says in our words what the parser stopped at, with the position where the mistake is and not where it showed. */
export function explainSlip(text: string, { index, message }: Refused): SourceError {
  return foreignFormat(text) ?? unbalancedHeader(text, index) ?? missingValue(text, index) ??
    bareValue(text, index) ??
    unclosed(text, { index, message }) ?? keyWithColon(text, index) ?? strayCharacter(text, index, message) ??
    { offset: index, message: WORDS[message] ?? message };
}

/** Says that `path` is there twice, and where it was first. */
export function explainTwice(offset: number, path: Path, first: LineAndColumn): SourceError {
  const { line, column } = first;
  const message =
    `is there a second time, the first is at ${line}:${column}; accepted: each table and key once`;
  return { offset, path, message };
}

/** A file whose first line with anything on it is one of YAML or JSON. */
function foreignFormat(text: string): SourceError | undefined {
  const [, before = "", line = ""] = /^((?:[ \t]*(?:#[^\n]*)?\r?\n)*)[ \t]*([^\n]*)/.exec(text) ?? [];
  const format = /^\{\s*("|$)/.test(line) ? "JSON" : /^(?:---|[\w-]+:)\s*(?:#.*)?$/.test(line) ? "YAML" : "";
  if (format === "") return undefined;
  const extension = format === "JSON" ? ".json" : ".yaml or .yml";
  const accepted = `key = value, or a file name that ends in ${extension}`;
  return { offset: before.length, message: `looks like ${format}, not like TOML; accepted: ${accepted}` };
}

/** `[[frontends]` and the like, on the line of the error or on the last one before it. */
function unbalancedHeader(text: string, index: number): SourceError | undefined {
  for (const start of [lineStart(text, index), lineStart(text, lineStart(text, index) - 1)]) {
    const line = lineAt(text, start);
    if (line.length > MAX_HEADER) continue;
    const [, blanks = "", open, name, close] =
      /^(\s*)(\[{1,2})\s*([^[\]=,{}"']+?|[^[\]=,{}]*"[^[\]=,{}]*?)\s*(\]{0,3})\s*(?:#.*)?$/.exec(line) ?? [];
    if (open === undefined || name === undefined || open.length === close!.length) continue;
    const accepted = `[${name}] for a table, [[${name}]] for one more of a list`;
    const message = `is the header ${line.trim()} with unequal brackets; accepted: ${accepted}`;
    return { offset: start + blanks.length, message };
  }
  return undefined;
}

/** A key with nothing after its "=", which shows on the next line. */
function missingValue(text: string, index: number): SourceError | undefined {
  const before = text.slice(0, lineStart(text, index)).trimEnd();
  if (!before.endsWith("=") || lineStart(text, before.length) === lineStart(text, index)) return undefined;
  return { offset: before.length, message: WORDS["Unspecified values are invalid"]! };
}

/** A text without quotes, where a value should be. */
function bareValue(text: string, index: number): SourceError | undefined {
  const line = lineStart(text, index);
  let start = index;
  while (start > line && /[^\s,=[\]{}"'#]/.test(text[start - 1]!)) start--;
  // Brackets around an IPv6 address are its own.
  if (/^\[[\da-f:.]*:[\da-f:.]*\]:/i.test(text.slice(start - 1, start + 60))) start--;
  const before = text.slice(line, start).trimEnd();
  if (!/[=[{,]$/.test(before) && before !== "") return undefined;
  if (before === "" && !insideList(text, start)) return undefined;
  const rest = lineAt(text, start);
  const found = /^\$\{[^}\s]*\}[^\s,\]}#"']*|^\[[\da-f:.]+\](?::\d+)?|^[^\s,=[\]{}"'#]+/i.exec(rest)?.[0];
  if (found === undefined) return undefined;
  const typographic = /^[“”„‘’«»](.*)[“”„‘’«»]$/u.exec(found)?.[1];
  if (typographic !== undefined) {
    return {
      offset: start,
      message: `is in quotes of another kind: ${found}; accepted: ${quoteShort(typographic)}`,
    };
  }
  if (/^[\d.+_-]+$/.test(found)) return quoteNumber(start, found);
  const word = found.toLowerCase();
  const meant = Object.hasOwn(MEANT, word) ? `${MEANT[word]}, or ` : "";
  return { offset: start, message: `is a text without quotes; accepted: ${meant}${quoteShort(found)}` };
}

/** `127.0.0.1`, and nothing that is a number with a fault of its own. */
function quoteNumber(offset: number, found: string): SourceError | undefined {
  if (!/\..*\./.test(found)) return undefined;
  return { offset, message: `is a text without quotes; accepted: ${quoteShort(found)}` };
}

/** A list, a table or a text that nothing closes, with the position where it begins. */
function unclosed(text: string, { index, message }: Refused): SourceError | undefined {
  if (message === "Unterminated string constant") {
    let offset = lineStart(text, index);
    for (let at = offset; at < index; at = skipString(text, at)) offset = at;
    return { offset: /["']/.test(text[offset] ?? "") ? offset : index, message: WORDS[message]! };
  }
  if (!/^Unterminated (?:array|inline table)$/.test(message)) return undefined;
  const offset = findOpenBrackets(text.slice(0, index)).at(-1);
  if (offset === undefined) return undefined;
  const [what, bracket] = text[offset] === "[" ? ["list", "]"] : ["table", "}"];
  return { offset, message: `is a ${what} without its closing ${JSON.stringify(bracket)}` };
}

function keyWithColon(text: string, index: number): SourceError | undefined {
  const key = /^\s*[\w.-]+\s*$/.test(text.slice(lineStart(text, index), index));
  if (text[index] !== ":" || !key) return undefined;
  return { offset: index, message: 'is ":"; accepted: "=" between a key and its value' };
}

/** What stands after a value, or where nothing may stand. */
function strayCharacter(text: string, index: number, message: string): SourceError | undefined {
  if (!/^(?:Unexpected (?:character|token)|Must be a newline)$/.test(message)) return undefined;
  const found = /^[\w.:/-]+|^\S/u.exec(lineAt(text, index))?.[0];
  if (found === undefined) return undefined;
  const comment = found === "/" || found === "//" || found === ";"
    ? ', or a comment, which begins with "#"'
    : "";
  const accepted = message === "Must be a newline" || found === ";"
    ? `the end of the line${comment}`
    : `key = value${comment}`;
  return {
    offset: index,
    message: `is ${quoteShort(found)}, which cannot stand here; accepted: ${accepted}`,
  };
}

/** Whether `index` is within brackets that are still open. */
function insideList(text: string, index: number): boolean {
  const before = text.slice(0, index);
  const offset = findOpenBrackets(before).at(-1);
  return offset !== undefined && /[=,[{]\s*$/.test(before.slice(0, offset));
}

function lineStart(text: string, index: number): number {
  return text.lastIndexOf("\n", index - 1) + 1;
}

function lineAt(text: string, start: number): string {
  const end = text.indexOf("\n", start);
  return text.slice(start, end === -1 ? undefined : end);
}
