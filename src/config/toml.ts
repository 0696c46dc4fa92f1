import { ParseError, parseTOML } from "toml-eslint-parser";
import type { AST } from "toml-eslint-parser";
import { createForeign, createTable, Places } from "./places.ts";
import type { Path, SourceDocument } from "./places.ts";

type Key = AST.TOMLBare | AST.TOMLQuoted;
type Container = Record<PropertyKey, unknown>;

/**
 * Reads TOML 1.1 with the place of every key and value. The parser stops at the first syntax error.
 *
 * The data is built here and not by the parser's `getStaticTOMLValue`, which assigns through a table named
 * `__proto__` and so changes every object of the process where that name is live (Bun).
 */
export function readToml(text: string): SourceDocument {
  const places = new Places();
  const root: Container = createTable();
  try {
    for (const entry of parseTOML(text, { tomlVersion: "1.1" }).body[0].body) {
      if (entry.type === "TOMLTable") addTable(root, places, entry);
      else addEntry(root, places, [], entry);
    }
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { data: root, places, errors: [{ offset: error.index, message: error.message }] };
  }
  return { data: root, places, errors: [] };
}

/** Adds `[a.b]` or `[[a.b]]`. The resolved key already carries the position in each array of tables. */
function addTable(root: Container, places: Places, table: AST.TOMLTable): void {
  const path = table.resolvedKey;
  const names = table.key.keys.values();
  path.forEach((step, i) => {
    const name = typeof step === "string" ? names.next().value : undefined;
    // A table that only a longer header has implied so far stands where its name was read first.
    if (name !== undefined) setOnce(places, path.slice(0, i + 1), name);
  });
  const key = typeof path.at(-1) === "string" ? { key: places.key(path) } : {};
  places.set(path, { ...key, value: table.range[0] });
  const container = open(root, path);
  for (const entry of table.body) addEntry(container, places, path, entry);
}

/** Adds `a.b = value` to `container`, the table at `base`. */
function addEntry(container: Container, places: Places, base: Path, entry: AST.TOMLKeyValue): void {
  const names = entry.key.keys.map(nameOf);
  names.slice(0, -1).forEach((_, i) =>
    setOnce(places, [...base, ...names.slice(0, i + 1)], entry.key.keys[i]!)
  );
  const path = [...base, ...names];
  places.set(path, { key: entry.key.keys.at(-1)!.range[0], value: entry.value.range[0] });
  open(container, names.slice(0, -1))[names.at(-1)!] = toValue(places, path, entry.value);
}

function toValue(places: Places, path: Path, content: AST.TOMLContentNode): unknown {
  if (content.type === "TOMLValue") {
    return content.value instanceof Date ? createForeign("a date") : content.value;
  }
  if (content.type === "TOMLArray") {
    return content.elements.map((element, i) => {
      places.set([...path, i], { value: element.range[0] });
      return toValue(places, [...path, i], element);
    });
  }
  const table: Container = createTable();
  for (const entry of content.body) addEntry(table, places, path, entry);
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

function setOnce(places: Places, path: Path, key: Key): void {
  if (!places.has(path)) places.set(path, { key: key.range[0], value: key.range[0] });
}

function nameOf(key: Key): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}
