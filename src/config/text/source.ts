import type { Path, Positions } from "./positions.ts";

/** A config as read from its format: plain data, and where each part of it stood. */
export interface SourceDocument {
  data: unknown;
  positions: Pick<Positions, "count" | "has" | "key" | "value">;
  /** What the format itself refuses. When there is any, `data` may be incomplete. */
  errors: SourceError[];
  /** Whether tables may stand after headers, as in TOML. */
  headers?: true;
  /** What messages call the path of a value, where the file has other keys than the data. */
  written?: (path: Path) => Path;
  /** Whether no text in it stands for a variable. */
  literal?: true;
}

/** A violation of the rules of TOML, YAML or JSON. */
export interface SourceError {
  offset: number;
  message: string;
  /** What it is about, where that is known. */
  path?: Path;
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
