import { ABOVE, commentsAt, type DraftTable, type DraftValue, isDraftTable } from "./draft.ts";

/** Lists whose tables have a line for each key, however short they are. */
export const SPACIOUS: readonly string[] = ["frontends", "routes", "tests"];

/** The keys of a table that say something, in their order. */
export function definedEntries(table: DraftTable): [string, DraftValue][] {
  return Object.entries(table).filter((entry): entry is [string, DraftValue] => entry[1] !== undefined);
}

/** The comment above a table, as lines of a file. */
export function aboveOf(value: DraftValue): readonly string[] {
  return isDraftTable(value) ? withMarks(commentsAt(value, ABOVE)) : [];
}

/** Comments as lines of a file. */
export function withMarks(comments: readonly string[]): string[] {
  return comments.map((line) => line === "" ? "#" : `# ${line}`);
}
