import { ParseError, parseTOML } from "toml-eslint-parser";
import type { AST } from "toml-eslint-parser";
import { Lines } from "./lines.ts";
import { createForeign, createTable } from "./source.ts";
import { MAX_DEPTH, MAX_VALUES, OverBounds, TOO_DEEP, TOO_MANY } from "./bounds.ts";
import { Positions } from "./positions.ts";
import type { Path } from "./positions.ts";
import type { SourceDocument, SourceError } from "./source.ts";
import { findOpenBrackets, findTooMany } from "./toml-brackets.ts";
import { explainSlip, explainTwice } from "./toml-slips.ts";

type Key = AST.TOMLBare | AST.TOMLQuoted;
type Container = Record<PropertyKey, unknown>;

/**
 * Reads TOML 1.1 with the position of every key and value. The parser stops at the first syntax error.
 *
 * The data is built here and not by the parser's `getStaticTOMLValue`, which assigns through a table named
 * `__proto__` and so changes every object of the process where that name is live (Bun).
 */
export function readToml(text: string): SourceDocument {
  const positions = new Positions();
  const root: Container = createTable();
  try {
    for (const entry of parse(text)) {
      if (entry.type === "TOMLTable") addTable(root, positions, entry);
      else addEntry(root, positions, [], entry);
    }
  } catch (error) {
    return { data: root, positions, errors: [toSourceError(text, error)] };
  }
  return { data: root, positions, errors: [], headers: true };
}

/** Throws a `ParseError`, or `OverBounds`: the parser goes into every level of brackets by a call, and through all of it. */
function parse(text: string): (AST.TOMLKeyValue | AST.TOMLTable)[] {
  const open = findOpenBrackets(text, MAX_DEPTH);
  if (open.length > MAX_DEPTH) throw new OverBounds(open.at(-1)!, TOO_DEEP);
  const end = findTooMany(text, MAX_VALUES);
  if (end !== undefined) throw new OverBounds(end, TOO_MANY);
  return parseTOML(text, { tomlVersion: "1.1" }).body[0].body;
}

function toSourceError(text: string, error: unknown): SourceError {
  if (error instanceof OverBounds) return error.at;
  if (error instanceof ParseError) {
    return error.message === TWICE ? placeTwice(text, error.index) : explainSlip(text, error);
  }
  // The parser makes one call of all characters of a text, which have to fit on the stack.
  if (error instanceof RangeError) return { offset: 0, message: "has a text that is too long to be read" };
  throw error;
}

/** The parser's words for a key or table that is there already. */
const TWICE = "Defining a key multiple times is invalid";

/** Finds what stands on the line of `index` in the text before it, which the parser has found right. */
function placeTwice(text: string, index: number): SourceError {
  const start = text.lastIndexOf("\n", index - 1) + 1;
  const [line = ""] = text.slice(start).split("\n", 1);
  const before = readToml(text.slice(0, start));
  const path = before.errors.length > 0 ? undefined : pathOf(line, before, text.slice(0, start));
  if (path === undefined) {
    return { offset: index, message: "is there a second time in one table; accepted: each key once" };
  }
  const twice = explainTwice(index, path, new Lines(text).at(before.positions.key(path)));
  const first = path.reduce((holder: unknown, key) => (holder as Container)[key], before.data);
  const one = /^\s*\[([^[\]]+)\]/.exec(line)?.[1];
  if (!Array.isArray(first) || one === undefined) return twice;
  return { ...twice, message: `${twice.message}; did you mean [[${one.trim()}]]?` };
}

/** The path of the key or header on `line`, as far as `before` has it already. */
function pathOf(line: string, { data, positions }: SourceDocument, text: string): Path | undefined {
  const isHeader = /^\s*\[/.test(line);
  let names: string[];
  try {
    const [entry] = parse(isHeader ? line : line.replace(/=[^]*$/, "= 0"));
    names = entry!.key.keys.map(nameOf);
  } catch {
    return undefined; // a key with "=" in it, or in an inline table
  }
  const table = isHeader ? undefined : parse(text).findLast((entry) => entry.type === "TOMLTable");
  const path: PropertyKey[] = [...table?.resolvedKey ?? []];
  let holder = path.reduce((holder: unknown, key) => (holder as Container)[key], data);
  let found: Path | undefined;
  for (const name of names) {
    if (Array.isArray(holder)) {
      path.push(holder.length - 1);
      holder = holder.at(-1);
    }
    path.push(name);
    if (!positions.has(path)) break;
    found = [...path];
    holder = (holder as Container)[name];
    if (typeof holder !== "object" || holder === null) break;
  }
  return found;
}

/** Adds `[a.b]` or `[[a.b]]`. The resolved key already carries the position in each array of tables. */
function addTable(root: Container, positions: Positions, table: AST.TOMLTable): void {
  const path = table.resolvedKey;
  const names = table.key.keys.values();
  path.forEach((step, i) => {
    const name = typeof step === "string" ? names.next().value : undefined;
    // A table that only a longer header has implied so far stands where its name was read first.
    if (name !== undefined) setOnce(positions, path.slice(0, i + 1), name);
  });
  const key = typeof path.at(-1) === "string" ? { key: positions.key(path) } : {};
  positions.set(path, { ...key, value: table.range[0] });
  const container = open(root, path);
  for (const entry of table.body) addEntry(container, positions, path, entry);
}

/** Adds `a.b = value` to `container`, the table at `base`. */
function addEntry(container: Container, positions: Positions, base: Path, entry: AST.TOMLKeyValue): void {
  const names = entry.key.keys.map(nameOf);
  names.slice(0, -1).forEach((_, i) =>
    setOnce(positions, [...base, ...names.slice(0, i + 1)], entry.key.keys[i]!)
  );
  const path = [...base, ...names];
  positions.set(path, { key: entry.key.keys.at(-1)!.range[0], value: entry.value.range[0] });
  open(container, names.slice(0, -1))[names.at(-1)!] = toValue(positions, path, entry.value);
}

function toValue(positions: Positions, path: Path, content: AST.TOMLContentNode): unknown {
  if (content.type === "TOMLValue") {
    return content.value instanceof Date ? createForeign("a date") : content.value;
  }
  if (content.type === "TOMLArray") {
    return content.elements.map((element, i) => {
      positions.set([...path, i], { value: element.range[0] });
      return toValue(positions, [...path, i], element);
    });
  }
  const table: Container = createTable();
  for (const entry of content.body) addEntry(table, positions, path, entry);
  return table;
}

/** The table or list at `path` below `container`, made if missing. The parser has refused all conflicts. */
function open(container: Container, path: Path): Container {
  let current = container;
  path.forEach((step, i) => {
    current[step] ??= typeof path[i + 1] === "number" ? [] : createTable();
    current = current[step] as Container;
  });
  return current;
}

function setOnce(positions: Positions, path: Path, key: Key): void {
  if (!positions.has(path)) positions.set(path, { key: key.range[0], value: key.range[0] });
}

function nameOf(key: Key): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}
