import { MAX_GUESSES } from "./wording.ts";
import type { Path } from "../text/positions.ts";
import type { SourceDocument } from "../text/source.ts";
import { isTable } from "../text/tables.ts";

/** What messages add about a document, from how it is written. */
export class Hints {
  readonly #document: SourceDocument;
  readonly #text: string;
  readonly #keyPlaces: (key: string, from: Path) => readonly string[];
  #searches = 0;

  constructor(
    document: SourceDocument,
    text = "",
    keyPlaces: (key: string, from: Path) => readonly string[] = () => [],
  ) {
    this.#document = document;
    this.#text = text;
    this.#keyPlaces = keyPlaces;
  }

  /** Where the unknown key at the end of `path` belongs, unless `message` knows a better word. */
  ofUnknownKey(path: Path, message: string): string {
    if (message.includes("did you mean") || this.#searches++ >= MAX_GUESSES) return "";
    const found = this.#keyPlaces(String(path.at(-1)), path.slice(0, -1));
    if (found.length === 0) return "";
    return `; did you mean ${found.map((place) => this.#write(place, path)).join(" or ")}?`;
  }

  /** The header that makes what is `expected` at `path`, where one makes a list of a table or the reverse. */
  ofKind(path: Path, expected: string): string {
    const value = this.#valueAt(path);
    if (!this.#hasHeader(path, value)) return "";
    const names = path.filter((step) => typeof step === "string").join(".");
    if (expected === "array" && isTable(value)) return `; did you mean [[${names}]]?`;
    if (!Array.isArray(value)) return "";
    if (expected === "object") return `; did you mean [${names}]?`;
    return expected === "record" ? `; did you mean [${names}.NAME]?` : "";
  }

  #write(place: string, path: Path): string {
    const value = this.#valueAt(path);
    if (!this.#hasHeader(path, value)) return JSON.stringify(place);
    return Array.isArray(value) ? `[[${place}]]` : `[${place}]`;
  }

  /** Whether a table or list stands after a header, rather than in brackets after a key. */
  #hasHeader(path: Path, value: unknown): boolean {
    if (this.#document.headers !== true || typeof value !== "object" || value === null) return false;
    const first = this.#text[this.#document.positions.value(path)];
    return Array.isArray(value) ? first !== "[" : first !== "{";
  }

  #valueAt(path: Path): unknown {
    let value = this.#document.data;
    for (const key of path) {
      if (typeof value !== "object" || value === null) return undefined;
      value = (value as Record<PropertyKey, unknown>)[key];
    }
    return value;
  }
}
