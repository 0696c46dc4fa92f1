import { isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Document, Node } from "yaml";
import { createForeign, createTable, Places } from "./places.ts";
import type { Path, SourceDocument } from "./places.ts";

/** Aliases (`*name`) followed in one document; without a limit a small file could unfold to any size. */
const MAX_ALIASES = 1000;

/** Syntax errors that are reported; one mistake can cause any number of others. */
const MAX_ERRORS = 10;

/** Reads YAML 1.2 with the place of every key and value. Several errors are found at once; warnings count. */
export function readYaml(text: string): SourceDocument {
  // The option `logLevel: "silent"` would also keep silent about a second document, and drop it.
  const document = parseDocument(text, { prettyErrors: false, version: "1.2" });
  const source: SourceDocument = { data: createTable(), places: new Places(), errors: [] };
  for (const { code, message, pos } of [...document.errors, ...document.warnings].slice(0, MAX_ERRORS)) {
    const plain = code === "MULTIPLE_DOCS" ? "A config file is a single YAML document" : message;
    source.errors.push({ offset: pos[0], message: plain });
  }
  if (source.errors.length > 0 || document.contents === null) return source;
  source.data = new YamlReader(document, source).read(document.contents, []);
  return source;
}

/** Turns the nodes of one document into data, and records places and errors in `source`. */
class YamlReader {
  readonly #document: Document;
  readonly #source: SourceDocument;
  /** The nodes around the current one; an alias to one of them would never end. */
  readonly #open = new Set<unknown>();
  #aliases = 0;

  constructor(document: Document, source: SourceDocument) {
    this.#document = document;
    this.#source = source;
  }

  read(node: unknown, path: Path): unknown {
    if (isAlias(node)) return this.read(this.#resolve(node), path);
    // Only a file that says it is YAML 1.1 can hold dates and bytes.
    if (isScalar(node)) return node.value instanceof Object ? createForeign("no plain value") : node.value;
    this.#open.add(node);
    const value = isSeq(node) ? this.#readList(node.items, path) : this.#readTable(node, path);
    this.#open.delete(node);
    return value;
  }

  #readList(items: readonly unknown[], path: Path): unknown[] {
    return items.map((item, i) => {
      this.#source.places.set([...path, i], { value: startOf(item) });
      return this.read(item, [...path, i]);
    });
  }

  #readTable(node: unknown, path: Path): unknown {
    if (!isMap(node)) return null;
    const table = createTable();
    for (const { key, value } of node.items) {
      if (!isScalar(key) || key.value === null) {
        this.#refuse(key, "A key must be text");
        continue;
      }
      const name = String(key.value);
      const at = [...path, name];
      // `1` and `"1"` are two keys to YAML, but one here.
      if (Object.hasOwn(table, name)) this.#refuse(key, "Map keys must be unique");
      this.#source.places.set(at, { key: startOf(key), value: startOf(value ?? key) });
      table[name] = this.read(value, at);
    }
    return table;
  }

  #resolve(alias: Node & { source: string; resolve(document: Document): Node | undefined }): unknown {
    const target = alias.resolve(this.#document);
    if (target === undefined) this.#refuse(alias, `There is no anchor "&${alias.source}" before this alias`);
    else if (this.#open.has(target)) this.#refuse(alias, `Alias "*${alias.source}" contains itself`);
    else if (++this.#aliases === MAX_ALIASES + 1) this.#refuse(alias, `More than ${MAX_ALIASES} aliases`);
    else if (this.#aliases <= MAX_ALIASES) return target;
    return null;
  }

  #refuse(node: unknown, message: string): void {
    this.#source.errors.push({ offset: startOf(node), message });
  }
}

function startOf(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0;
}
