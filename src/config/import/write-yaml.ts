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
const WIDTH = 90;

/** Words that are no texts, in this version of YAML or an older one. */
const NOT_PLAIN = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** Writes a native config as YAML: its order and comments kept, in the form that a person would choose. */
export function writeYaml(data: DraftTable): string {
  const lines = [...withMarks(commentsAt(data, ABOVE)), ...tableLines(data, 0)];
  return lines.join("\n") + "\n";
}

function tableLines(table: DraftTable, depth: number): string[] {
  const lines: string[] = [];
  for (const [key, value] of definedEntries(table)) {
    if (depth === 0 && lines.length > 0) lines.push("");
    lines.push(...withMarks(commentsAt(table, key)), ...aboveOf(value));
    lines.push(...entryLines(keyText(key), value, depth));
  }
  if (lines.length === 0) return [...withMarks(commentsAt(table, BEHIND)), "{}"];
  return [...lines, ...withMarks(commentsAt(table, BEHIND))];
}

function entryLines(key: string, value: DraftValue, depth: number): string[] {
  const short = `${key}: ${flow(value)}`;
  if (isDraftTable(value)) {
    const fits = depth > 1 && short.length <= WIDTH && !hasComments(value);
    return fits || isBare(value) ? [short] : [`${key}:`, ...indented(tableLines(value, depth + 1))];
  }
  if (!Array.isArray(value)) return [short];
  const spread = value.some((item) => isDraftTable(item) || Array.isArray(item)) || short.length > WIDTH;
  if (!spread || value.length === 0) return [short];
  const spacious = SPACIOUS.includes(key);
  return [`${key}:`, ...value.flatMap((item) => indented(itemLines(item, depth + 1, spacious)))];
}

function itemLines(item: DraftValue, depth: number, spacious: boolean): string[] {
  const short = `- ${flow(item)}`;
  if (!isDraftTable(item)) return [short];
  const fits = (!spacious && short.length <= WIDTH && !hasComments(item)) || isBare(item);
  if (fits) return [...aboveOf(item), short];
  const lines = tableLines(item, depth + 1);
  const first = lines.findIndex((line) => !line.startsWith("#"));
  const [head = "{}", ...rest] = lines.slice(first);
  return [...aboveOf(item), ...lines.slice(0, first), `- ${head}`, ...indented(rest)];
}

/** Whether a table has neither keys nor comments. */
function isBare(table: DraftTable): boolean {
  return definedEntries(table).length === 0 && !hasComments(table);
}

function flow(value: DraftValue): string {
  if (typeof value === "string") return textOf(value);
  if (typeof value !== "object") return String(value);
  if (!isDraftTable(value)) return `[${value.map(flow).join(", ")}]`;
  const entries = definedEntries(value).map(([key, item]) => `${keyText(key)}: ${flow(item)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function keyText(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) && !NOT_PLAIN.test(key) ? key : quoted(key);
}

function textOf(text: string): string {
  return /^[A-Za-z/][\w./-]*$/.test(text) && !NOT_PLAIN.test(text) ? text : quoted(text);
}

/** What has quotes or backslashes is easier to read in single quotes, where nothing is escaped. */
function quoted(text: string): string {
  if (/^[ -&(-~]*["\\][ -&(-~]*$/.test(text)) return `'${text}'`;
  // JSON is YAML, but for what YAML does not call printable.
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\ufeff\ufffe\uffff\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
