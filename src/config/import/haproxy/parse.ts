import { literal, type Origin } from "../draft.ts";
import type { ForeignText } from "../foreign-files.ts";

/** A line of HAProxy's config. */
export interface Line {
  readonly words: readonly string[];
  readonly origin: Origin;
}

/** A section: what it is, what it is called, and its lines. */
export interface HaproxySection {
  readonly kind: string;
  readonly name: string;
  /** The defaults that it names (`from x`). */
  readonly from: string | undefined;
  readonly origin: Origin;
  readonly lines: readonly Line[];
}

const SECTIONS: ReadonlySet<string> = new Set(
  `
  global defaults frontend backend listen userlist peers resolvers mailers program cache http-errors ring log-forward
  fcgi-app crt-store traces acme
`.trim().split(/\s+/),
);

/** What a backslash stands for together with the character behind it; before others it is one. */
const ESCAPES: Readonly<Record<string, string>> = {
  " ": " ",
  "#": "#",
  '"': '"',
  "'": "'",
  "\\": "\\",
  $: "$",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** The sections of a file. Throws a `ConfigError` for the first thing that HAProxy would not read. */
export function parseHaproxy(source: ForeignText): HaproxySection[] {
  const sections: (HaproxySection & { lines: Line[] })[] = [];
  for (const { words, at, end } of wordLines(source)) {
    const origin = source.origin(at, end);
    const [kind = "", ...rest] = words;
    if (SECTIONS.has(kind)) {
      if (["frontend", "backend", "listen"].includes(kind) && (rest[0] ?? "from") === "from") {
        throw source.error(at, `${kind} has no name`);
      }
      const from = rest.indexOf("from");
      const name = from === 0 ? "" : rest[0] ?? "";
      sections.push({ kind, name, from: from === -1 ? undefined : rest[from + 1], origin, lines: [] });
    } else if (sections.length === 0) {
      throw source.error(
        at,
        `${JSON.stringify(kind)} stands in no section; accepted first: global, defaults, frontend …`,
      );
    } else sections.at(-1)!.lines.push({ words, origin });
  }
  return sections;
}

/** The words of each line that has some. */
function* wordLines(source: ForeignText): Generator<{ words: string[]; at: number; end: number }> {
  const { text } = source;
  let at = 0;
  while (at < text.length) {
    const line = readLine(source, at);
    if (line.words.length > 0) yield { words: line.words, at: line.start, end: line.end };
    at = line.next;
  }
}

/** Reads one line: words between blanks, up to a comment. */
function readLine(
  source: ForeignText,
  from: number,
): { words: string[]; start: number; end: number; next: number } {
  const { text } = source;
  const words: string[] = [];
  let word: string | undefined;
  let start = -1;
  let at = from;
  const finish = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  for (; at < text.length && text[at] !== "\n"; at++) {
    const character = text[at]!;
    if (character === "#") break;
    if (/\s/.test(character)) {
      finish();
      continue;
    }
    if (start === -1) start = at;
    word ??= "";
    if (character === "\\") {
      const meant = ESCAPES[text[at + 1] ?? ""];
      word += meant ?? "\\";
      if (meant !== undefined) at++;
    } else if (character === "'" || character === '"') {
      const quoted = readQuoted(source, at);
      word += quoted.text;
      at = quoted.end;
    } else word += character === "$" && text[at + 1] === "{" ? "$$" : character; // no variable outside quotes
  }
  finish();
  const lineEnd = text.indexOf("\n", at);
  return { words, start, end: at, next: lineEnd === -1 ? text.length : lineEnd + 1 };
}

/** In single quotes all is text; in double quotes backslashes escape and variables of the environment are put in. */
function readQuoted(source: ForeignText, start: number): { text: string; end: number } {
  const { text } = source;
  const quote = text[start]!;
  let value = "";
  for (let at = start + 1; at < text.length && text[at] !== "\n"; at++) {
    if (text[at] === quote) {
      return { text: quote === '"' ? value.replace(/\$(\w+)/g, "${$1}") : literal(value), end: at };
    }
    const meant = quote === '"' && text[at] === "\\" ? ESCAPES[text[at + 1] ?? ""] : undefined;
    value += meant ?? text[at]!;
    if (meant !== undefined) at++;
  }
  throw source.error(start, "a quote that is never closed");
}
