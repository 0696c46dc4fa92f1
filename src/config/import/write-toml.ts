import {
  ABOVE,
  BEHIND,
  commentsAt,
  type DraftTable,
  type DraftValue,
  hasComments,
  isDraftTable,
} from "./draft.ts";
import { aboveOf, definedEntries, SPACIOUS, withMarks } from "./layout.ts";

/** What may stand on one line. */
const WIDTH = 100;

/** Writes a native config as TOML: its order and comments kept, in the form that a person would choose. */
export function writeToml(data: DraftTable): string {
  const lines = withMarks(commentsAt(data, ABOVE));
  writeTable(data, [], lines);
  while (lines[0] === "") lines.shift();
  return lines.join("\n") + "\n";
}

/** Writes what stands below a header. In TOML all plain keys have to come before the first table that has a header. */
function writeTable(table: DraftTable, path: readonly string[], lines: string[]): void {
  const entries = definedEntries(table);
  const plain = entries.filter(([key, value]) => !hasHeader(key, value, path));
  for (const [key, value] of plain) {
    lines.push(...withMarks(commentsAt(table, key)), ...aboveOf(value));
    lines.push(`${keyText(key)} = ${valueText(value)}`);
  }
  lines.push(...withMarks(commentsAt(table, BEHIND)));
  for (const [key, value] of entries.filter(([key, value]) => hasHeader(key, value, path))) {
    const below = [...path, key];
    const over = commentsAt(table, key);
    if (isDraftTable(value)) writeSection(value, below, over, lines);
    else {(value as readonly DraftTable[]).forEach((item, i) =>
        writeItem(item, below, i === 0 ? over : [], lines)
      );}
  }
}

function writeSection(
  table: DraftTable,
  path: readonly string[],
  over: readonly string[],
  lines: string[],
): void {
  const above = [...withMarks(over), ...aboveOf(table)];
  const entries = definedEntries(table);
  const headless = entries.length > 0 && entries.every(([key, value]) => hasHeader(key, value, path)) &&
    commentsAt(table, BEHIND).length === 0;
  if (!headless) lines.push("", ...above, `[${path.map(keyText).join(".")}]`);
  else if (above.length > 0) lines.push("", ...above);
  writeTable(table, path, lines);
}

function writeItem(
  table: DraftTable,
  path: readonly string[],
  over: readonly string[],
  lines: string[],
): void {
  lines.push("", ...withMarks(over), ...aboveOf(table), `[[${path.map(keyText).join(".")}]]`);
  writeTable(table, path, lines);
}

/** Whether a value stands below a header of its own. */
function hasHeader(key: string, value: DraftValue, path: readonly string[]): boolean {
  if (isDraftTable(value)) {
    return path.length === 0 || path.at(-1) === "backends" || isLong(key, value) || hasComments(value);
  }
  if (!Array.isArray(value) || value.length === 0 || !value.every(isDraftTable)) return false;
  return SPACIOUS.includes(key) || value.some((item) => isLong("", item) || hasComments(item));
}

function isLong(key: string, value: DraftValue): boolean {
  return `${key} = ${inline(value)}`.length > WIDTH;
}

/** A value after its key; a list that is long, or one of tables, has a line for each item. */
function valueText(value: DraftValue): string {
  if (!Array.isArray(value)) return inline(value);
  const spread = value.some((item) =>
    isDraftTable(item) && (value.length > 1 || commentsAt(item, ABOVE).length > 0)
  );
  if (!spread && inline(value).length <= WIDTH) return inline(value);
  const items = value.flatMap((item) => [...aboveOf(item), `${inline(item)},`]);
  return `[\n${items.map((line) => `  ${line}\n`).join("")}]`;
}

function inline(value: DraftValue): string {
  if (typeof value === "string") return textOf(value);
  if (typeof value !== "object") return String(value);
  if (!isDraftTable(value)) return `[${value.map(inline).join(", ")}]`;
  const entries = definedEntries(value).map(([key, item]) => `${keyText(key)} = ${inline(item)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function keyText(key: string): string {
  return /^[\w-]+$/.test(key) ? key : basic(key);
}

/** What has quotes or backslashes is easier to read in single quotes, where nothing is escaped. */
function textOf(text: string): string {
  return /["\\]/.test(text) && !/['\p{Cc}]/u.test(text) ? `'${text}'` : basic(text);
}

function basic(text: string): string {
  // JSON's escapes are TOML's as well; of the others only DEL has to be escaped.
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}
