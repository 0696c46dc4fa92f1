import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser } from "yaml";
import type { CST, Document, Node, Pair, YAMLMap } from "yaml";
import { createForeign, createTable } from "./source.ts";
import { MAX_DEPTH, MAX_VALUES, OverBounds, TOO_DEEP, TOO_MANY } from "./bounds.ts";
import { Positions } from "./positions.ts";
import type { Path } from "./positions.ts";
import type { SourceDocument } from "./source.ts";

/** Aliases (`*name`) followed in one document; without a limit a small file could unfold to any size. */
const MAX_ALIASES = 1000;

/** Syntax errors that are reported; one mistake can cause any number of others. */
const MAX_ERRORS = 10;

/** What the parser may have open: a level of the data is up to three of its own. */
const MAX_OPEN = 3 * MAX_DEPTH + 8;

/** Pieces that the lexer finds, and escapes in them: each may be an error. A value with its key is up to nine. */
const MAX_LEXEMES = 5 * MAX_VALUES;

/** Characters that begin something else than text, with the words of the parser where it meets one. */
const NEEDS_QUOTES = /^(?:Unresolved tag|Alias cannot be|Plain value cannot start)/;

/**
 * Reads YAML 1.2 with the position of every key and value. Several errors are found at once; warnings count. Merge keys
 * (`<<`) work, and keys of the top level that begin with `x-` are left out: they hold anchors.
 */
export function readYaml(text: string): SourceDocument {
  const source: YamlDocument = { data: createTable(), positions: new Positions(), errors: [] };
  try {
    const document = compose(text);
    for (const { code, message, pos: [offset] } of problemsOf(document)) {
      source.errors.push({ offset, message: reword(code, message, text.slice(offset)) });
    }
    if (source.errors.length > 0 || document.contents === null) return source;
    source.data = new YamlReader(document, source).read(document.contents, []);
  } catch (error) {
    if (!(error instanceof OverBounds)) throw error;
    source.errors.push(error.at);
  }
  return source;
}

/** What is read, while it is being read. */
interface YamlDocument extends SourceDocument {
  positions: Positions;
}

/** The one document of `text`. Whether its keys are unique is checked below: the composer compares all pairs. */
function compose(text: string): Document {
  const composer = new Composer({ version: "1.2", uniqueKeys: false });
  const [document, second] = composer.compose(tokensOf(text), true, text.length);
  if (second !== undefined) {
    throw new OverBounds(second.range[0], "A config file is a single YAML document");
  }
  return document!;
}

/** What the parser makes of `text`, until there is too much of something: the composer would go on for long. */
function* tokensOf(text: string): Generator<CST.Token> {
  const parser = new Parser();
  let errors = 0;
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1 + countEscapes(lexeme);
    if (lexemes > MAX_LEXEMES) throw new OverBounds(parser.offset, TOO_MANY);
    for (const token of parser.next(lexeme)) {
      yield token;
      if (token.type === "error" && ++errors === MAX_ERRORS) return;
    }
    if (parser.stack.length > MAX_OPEN) throw new OverBounds(parser.offset, TOO_DEEP);
  }
  yield* parser.end();
}

function countEscapes(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\\"); at !== -1; at = text.indexOf("\\", at + 1)) count++;
  return count;
}

function problemsOf({ errors, warnings }: Document) {
  return [...errors, ...warnings].slice(0, MAX_ERRORS);
}

/** The parser's words, or ours where `rest`, the text from there on, is what people forget to quote. */
function reword(code: string, message: string, rest: string): string {
  if (code === "RESOURCE_EXHAUSTION") return TOO_DEEP;
  return NEEDS_QUOTES.test(message) ? message + hintQuotes(rest) : message;
}

/** The value that `rest` begins with, in quotes: up to a comment, and in a list or table up to its next item. */
function hintQuotes(rest: string): string {
  const value = /^[^\n]*?(?=\s*(?:[,\]}]?\s*(?:\n|$)|[,\]}]\s| #))/.exec(rest.slice(0, 200))?.[0] ?? "";
  if (value === "" || value.length > 100) return "; accepted: a text in quotes";
  return `; did you mean ${JSON.stringify(value)}, in quotes?`;
}

/** Turns the nodes of one document into data, and records positions and errors in `source`. */
class YamlReader {
  readonly #document: Document;
  readonly #source: YamlDocument;
  /** The nodes around the current one; an alias to one of them would never end. */
  readonly #open = new Set<unknown>();
  #aliases = 0;

  constructor(document: Document, source: YamlDocument) {
    this.#document = document;
    this.#source = source;
  }

  read(node: unknown, path: Path): unknown {
    if (isAlias(node)) return this.read(this.#resolve(node), path);
    // Only a file that says it is YAML 1.1 can hold dates and bytes.
    if (isScalar(node)) return node.value instanceof Object ? createForeign("no plain value") : node.value;
    if (isMap(node)) return this.#readTable(node, path);
    if (!isSeq(node)) return null;
    return this.#within(node, () => this.#readList(node.items, path));
  }

  #readList(items: readonly unknown[], path: Path): unknown[] {
    return items.map((item, i) => {
      this.#source.positions.set([...path, i], { value: startOf(item) });
      return this.read(item, [...path, i]);
    });
  }

  #readTable(node: YAMLMap, path: Path): Record<string, unknown> {
    const table = createTable();
    this.#within(node, () => {
      const own = new Set<string>();
      for (const { key, value } of node.items.filter((pair) => !isMerge(pair))) {
        if (!isScalar(key) || key.value === null) {
          this.#refuse(key, "A key must be text");
          continue;
        }
        const name = String(key.value);
        if (path.length === 0 && name.startsWith("x-")) continue;
        // `1` and `"1"` are two keys to YAML, but one here.
        if (own.has(name)) this.#refuse(key, "Map keys must be unique");
        own.add(name);
        this.#add(table, { name, key, value }, path);
      }
    });
    this.#merge(node, { table, path });
    return table;
  }

  /** Adds what the merge keys of `node` name and `table` does not have; what is named first comes first. */
  #merge(node: YAMLMap, { table, path }: { table: Record<string, unknown>; path: Path }): void {
    this.#within(node, () => {
      for (const { value } of node.items.filter(isMerge)) {
        const merged = this.#followed(value);
        for (const item of isSeq(merged) ? merged.items : [merged]) {
          const from = this.#followed(item);
          if (from === null) continue; // an alias that is refused
          if (!isMap(from)) {
            this.#refuse(item, "A merge key takes a table, or a list of tables");
            continue;
          }
          for (const { key, value } of from.items.filter((pair) => !isMerge(pair))) {
            const name = isScalar(key) ? String(key.value) : "";
            if (isScalar(key) && !Object.hasOwn(table, name)) this.#add(table, { name, key, value }, path);
          }
          this.#merge(from, { table, path });
        }
      }
    });
  }

  #add(
    table: Record<string, unknown>,
    { name, key, value }: { name: string; key: unknown; value: unknown },
    path: Path,
  ): void {
    const at = [...path, name];
    this.#source.positions.set(at, { key: startOf(key), value: startOf(value ?? key) });
    table[name] = this.read(value, at);
  }

  /** Calls `read` while `node` counts as open. */
  #within<T>(node: unknown, read: () => T): T {
    this.#open.add(node);
    const value = read();
    this.#open.delete(node);
    return value;
  }

  #followed(node: unknown): unknown {
    return isAlias(node) ? this.#resolve(node) : node;
  }

  #resolve(alias: Node & { source: string; resolve(document: Document): Node | undefined }): unknown {
    const { source } = alias;
    const target = alias.resolve(this.#document);
    if (target === undefined) {
      this.#refuse(
        alias,
        /^[\w-]+$/.test(source)
          ? `There is no anchor "&${source}" before this alias`
          : `is an alias, which begins with "*", and there is no anchor "&${source}" before it; ` +
            `did you mean ${JSON.stringify(`*${source}`)}, in quotes?`,
      );
    } else if (this.#open.has(target)) this.#refuse(alias, `Alias "*${source}" contains itself`);
    else if (++this.#aliases === MAX_ALIASES + 1) this.#refuse(alias, `More than ${MAX_ALIASES} aliases`);
    else if (this.#aliases <= MAX_ALIASES) return target;
    return null;
  }

  #refuse(node: unknown, message: string): void {
    this.#source.errors.push({ offset: startOf(node), message });
  }
}

/** Whether a pair is `<<: *anchor`; a key `"<<"` in quotes is one like any other. */
function isMerge({ key }: Pair): boolean {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

function startOf(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0;
}
