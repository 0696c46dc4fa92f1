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
}

/** A violation of the rules of TOML, YAML or JSON. */
export interface SourceError {
  offset: number;
  message: string;
}

/** Remembers the place of every value of one document by its path. */
export class Places {
  readonly #places = new Map<string, Place>();

  set(path: Path, place: Place): void {
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
