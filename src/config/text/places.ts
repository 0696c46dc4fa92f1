/** Keys and list positions from the root of the data to a value. */
export type Path = readonly PropertyKey[];

/** Where a value stands: offsets into the text, or any numbers that sort alike where there is no text. */
export interface Place {
  /** Where the key of the value starts; absent for the root and for list items. */
  key?: number;
  /** Where the value starts; for a table the bracket or header that opens it. */
  value: number;
}

/** A config as read from its format: plain data, and where each part of it stood. */
export interface SourceDocument {
  data: unknown;
  places: Places;
  /** What the format itself refuses. When there is any, `data` may be incomplete. */
  errors: SourceError[];
  /** Whether tables may stand behind headers, as in TOML. */
  headers?: true;
}

/** A violation of the rules of TOML, YAML or JSON. */
export interface SourceError {
  offset: number;
  message: string;
  /** What it is about, where that is known. */
  path?: Path;
}

/** Levels of tables and lists; far more than any config has, far less than the stack holds. */
export const MAX_DEPTH = 64;

/** What is said of a document that is deeper. */
export const TOO_DEEP = `is nested too deeply; accepted: up to ${MAX_DEPTH} levels of tables and lists`;

/** Values of one document, those that an alias repeats included; 50,000 routes have 200,000. */
export const MAX_VALUES = 300_000;

/** What is said of a document that has more. */
export const TOO_MANY = `has too many values; accepted: up to ${MAX_VALUES}`;

/**
 * Ends reading where a document is over a bound: what could grow with the square of the text, or without it, must end
 * early.
 */
export class OverBounds extends Error {
  readonly at: SourceError;

  constructor(offset: number, message: string) {
    super(message);
    this.name = "OverBounds";
    this.at = { offset, message };
  }
}

/** Remembers the place of every value of one document by its path. */
export class Places {
  readonly #places = new Map<string, Place>();
  #count = 0;

  /** Every reader passes each value here before it goes into it. Throws `OverBounds`. */
  set(path: Path, place: Place): void {
    if (path.length > MAX_DEPTH) throw new OverBounds(place.value, TOO_DEEP);
    if (++this.#count > MAX_VALUES) throw new OverBounds(place.value, TOO_MANY);
    this.#places.set(JSON.stringify(path), place);
  }

  has(path: Path): boolean {
    return this.#places.has(JSON.stringify(path));
  }

  /** Where the key at the end of `path` is, or the value if it has no key. */
  key(path: Path): number {
    return this.#places.get(JSON.stringify(path))?.key ?? this.value(path);
  }

  /** Where the value is; for a value that is missing, where the nearest table or list around it is. */
  value(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const place = this.#places.get(JSON.stringify(path.slice(0, length)));
      if (place !== undefined) return place.value;
    }
    return 0;
  }
}

/** A table without a prototype, so that a key such as `__proto__` is data like any other. */
export function createTable(): Record<string, unknown> {
  return Object.create(null);
}

/**
 * Stands in the data for a value that no config can hold, such as a date; `what` is how messages call it.
 *
 * A symbol, because no schema accepts one, while zod takes a date or a map for an object without keys.
 */
export function createForeign(what: string): symbol {
  return Symbol(what);
}

/** Writes a path the way messages show it: `backends.app.servers[0].url`, with odd keys in quotes. */
export function formatPath(path: Path): string {
  return path.map((key, i) => {
    if (typeof key === "number") return `[${key}]`;
    const name = String(key);
    return (i === 0 ? "" : ".") + (/^[\w-]+$/.test(name) ? name : JSON.stringify(name));
  }).join("");
}
