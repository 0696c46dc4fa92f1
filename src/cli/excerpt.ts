import { readFileSync } from "node:fs";
import type { ConfigProblem } from "../config/problems/error.ts";
import { formatProblem } from "../config/problems/error.ts";

/** Problems that are shown with their line; the others keep their messages. */
const MAX_EXCERPTS = 20;
/** What of a line is shown around the place, in characters. */
const MAX_WIDTH = 120;

/** The problems of a config for somebody at a terminal: each message, its line below it, and a caret at the place. */
export function withExcerpts(problems: readonly ConfigProblem[], { colours }: { colours: boolean }): string {
  const texts = new Map<string, readonly string[]>();
  const linesOf = (file: string) => {
    if (!texts.has(file)) texts.set(file, readLines(file));
    return texts.get(file)!;
  };
  return problems.map((problem, i) => {
    const message = formatProblem(problem);
    const { file, line, column } = problem;
    const text = i >= MAX_EXCERPTS || line === undefined ? undefined : linesOf(file)[line - 1];
    if (text === undefined || column === undefined || column > text.length + 1) return message;
    const number = `${line} | `;
    const from = Math.max(0, column - 1 - MAX_WIDTH / 2);
    const shown = text.slice(from, from + MAX_WIDTH).replace(/[\p{Cc}]/gu, " ");
    const caret = " ".repeat(number.length + column - 1 - from) + "^";
    return `${message}\n  ${number}${shown}\n  ${colours ? `\x1b[31m${caret}\x1b[0m` : caret}`;
  }).join("\n");
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "").split(/\r?\n/);
  } catch {
    return []; // it is gone, or no file
  }
}
