import type { ForeignText } from "../foreign-files.ts";

/** A word, or one of `;`, `{` and `}`. */
export interface NginxToken {
  readonly kind: "word" | ";" | "{" | "}";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What a backslash stands for together with the character behind it; others keep it. */
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  t: "\t",
  r: "\r",
  n: "\n",
};

/** Splits the text of an nginx config into its tokens. Throws a `ConfigError` for quotes that do not end, or end too early. */
export function* nginxTokens(source: ForeignText): Generator<NginxToken> {
  const { text } = source;
  let at = 0;
  while (true) {
    at = afterBlanks(text, at);
    if (at >= text.length) return;
    const character = text[at]!;
    if (character === ";" || character === "{" || character === "}") {
      yield { kind: character, text: character, start: at, end: at + 1 };
      at++;
      continue;
    }
    const token = character === '"' || character === "'" ? quoted(source, at) : bare(text, at);
    yield token;
    at = token.end;
  }
}

function afterBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (/\s/.test(text[at]!)) at++;
    else if (text[at] === "#") at = (text.indexOf("\n", at) + 1) || text.length;
    else break;
  }
  return at;
}

function quoted(source: ForeignText, start: number): NginxToken {
  const { text } = source;
  const quote = text[start];
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === quote) {
      if (/[\s;{)]|^$/.test(text[at + 1] ?? "")) return { kind: "word", text: value, start, end: at + 1 };
      throw source.error(at + 1, `unexpected ${JSON.stringify(text[at + 1])} behind a quote`);
    }
    const meant = text[at] === "\\" ? ESCAPES[text[at + 1] ?? ""] : undefined;
    value += meant ?? text[at];
    if (meant !== undefined) at++;
  }
  throw source.error(start, "a quote that is never closed");
}

function bare(text: string, start: number): NginxToken {
  let value = "";
  let at = start;
  while (at < text.length && !/[\s;]/.test(text[at]!)) {
    // The brace of a variable is none of a block.
    if (text[at] === "{" && text[at - 1] !== "$") break;
    const meant = text[at] === "\\" ? ESCAPES[text[at + 1] ?? ""] : undefined;
    value += meant ?? text[at];
    at += meant === undefined ? 1 : 2;
  }
  return { kind: "word", text: value, start, end: at };
}
