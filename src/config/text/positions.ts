import { MAX_DEPTH, MAX_VALUES, OverBounds, TOO_DEEP, TOO_MANY } from "./bounds.ts";

/** Keys and list positions from the root of the data to a value. */
export type Path = readonly PropertyKey[];

/** Where a value stands: offsets into the text, or any numbers that sort alike where there is no text. */
export interface Position {
  /** Where the key of the value starts; absent for the root and for list items. */
  key?: number;
  /** Where the value starts; for a table the bracket or header that opens it. */
  value: number;
}

/** Remembers the position of every value of one document by its path. */
export class Positions {
  readonly #positions = new Map<string, Position>();
  #count = 0;

  /** Every reader passes each value here before it goes into it. Throws `OverBounds`. */
  set(path: Path, position: Position): void {
    if (path.length > MAX_DEPTH) throw new OverBounds(position.value, TOO_DEEP);
    if (++this.#count > MAX_VALUES) throw new OverBounds(position.value, TOO_MANY);
    this.#positions.set(JSON.stringify(path), position);
  }

  /** Values so far. */
  get count(): number {
    return this.#count;
  }

  has(path: Path): boolean {
    return this.#positions.has(JSON.stringify(path));
  }

  /** Where the key at the end of `path` is, or the value if it has no key. */
  key(path: Path): number {
    return this.#positions.get(JSON.stringify(path))?.key ?? this.value(path);
  }

  /** Where the value is; for a value that is missing, where the nearest table or list around it is. */
  value(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const position = this.#positions.get(JSON.stringify(path.slice(0, length)));
      if (position !== undefined) return position.value;
    }
    return 0;
  }
}

/** Writes a path the way messages show it: `backends.app.servers[0].url`, with odd keys in quotes. */
export function formatPath(path: Path): string {
  return path.map((key, i) => {
    if (typeof key === "number") return `[${key}]`;
    const name = String(key);
    return (i === 0 ? "" : ".") + (/^[\w-]+$/.test(name) ? name : JSON.stringify(name));
  }).join("");
}
