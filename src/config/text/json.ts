import { createTable } from "./source.ts";
import { OverBounds } from "./bounds.ts";
import { Positions } from "./positions.ts";
import type { Path } from "./positions.ts";
import type { SourceDocument, SourceError } from "./source.ts";

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
/** A string without its closing quote, so that a match ends where the string goes wrong. */
const OPEN_STRING = /"(?:[\x20\x21\x23-\x5b\x5d-\u{10ffff}]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*/uy;

/**
 * Reads JSON (RFC 8259) with the position of every key and value; two equal keys in one table are an error.
 *
 * `JSON.parse` tells neither positions nor duplicates, and its messages differ between engines.
 */
export function readJson(text: string): SourceDocument {
  const reader = new JsonReader(text);
  try {
    const data = reader.readDocument();
    return { data, positions: reader.positions, errors: reader.errors };
  } catch (error) {
    if (!(error instanceof JsonStop || error instanceof OverBounds)) throw error;
    return { data: createTable(), positions: reader.positions, errors: [...reader.errors, error.at] };
  }
}

/** Ends reading at the first place where the text is no longer JSON. Never leaves this file. */
class JsonStop extends Error {
  readonly at: SourceError;

  constructor(at: SourceError) {
    super(at.message);
    this.at = at;
  }
}

class JsonReader {
  readonly positions = new Positions();
  readonly errors: SourceError[] = [];
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readDocument(): unknown {
    const data = this.#value([]);
    if (this.#peek() !== "") this.#stop("the end of the file");
    return data;
  }

  #value(path: Path, key?: number): unknown {
    const first = this.#peek();
    this.positions.set(path, { ...(key !== undefined && { key }), value: this.#offset });
    if (first === "{") return this.#table(path);
    if (first === "[") return this.#list(path);
    if (first === '"') return this.#string();
    const token = this.#match(NUMBER) || this.#match(WORD);
    return token === "" ? this.#stop("a value") : JSON.parse(token);
  }

  #table(path: Path): Record<string, unknown> {
    const table = createTable();
    this.#offset++;
    if (this.#take("}")) return table;
    do {
      if (this.#peek() !== '"') this.#stop("a key in double quotes");
      const key = this.#offset;
      const name = this.#string();
      if (Object.hasOwn(table, name)) this.errors.push({ offset: key, message: `Duplicate key "${name}"` });
      if (!this.#take(":")) this.#stop('":"');
      table[name] = this.#value([...path, name], key);
    } while (this.#take(","));
    if (!this.#take("}")) this.#stop('"," or "}"');
    return table;
  }

  #list(path: Path): unknown[] {
    const list: unknown[] = [];
    this.#offset++;
    if (this.#take("]")) return list;
    do list.push(this.#value([...path, list.length])); while (this.#take(","));
    if (!this.#take("]")) this.#stop('"," or "]"');
    return list;
  }

  #string(): string {
    const token = this.#match(OPEN_STRING) + '"';
    if (this.#text[this.#offset] !== '"') this.#stop("a closing quote or a valid character");
    this.#offset++;
    return JSON.parse(token);
  }

  /** The next character that is not white space, not consumed; `""` at the end. */
  #peek(): string {
    this.#match(SPACE);
    return this.#text[this.#offset] ?? "";
  }

  #take(character: string): boolean {
    const found = this.#peek() === character;
    if (found) this.#offset++;
    return found;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#offset;
    const token = pattern.exec(this.#text)?.[0] ?? "";
    this.#offset += token.length;
    return token;
  }

  #stop(expected: string): never {
    const found = this.#text[this.#offset];
    const what = found === undefined ? "the end of the file" : JSON.stringify(found);
    throw new JsonStop({ offset: this.#offset, message: `Expected ${expected}, found ${what}` });
  }
}
