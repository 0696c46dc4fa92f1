import { createForeign, createTable } from "./source.ts";
import { OverBounds } from "./bounds.ts";
import { Positions } from "./positions.ts";
import type { Path } from "./positions.ts";
import type { SourceDocument } from "./source.ts";

/**
 * Copies data that never was a text, such as an object literal handed to the library.
 *
 * There are no lines to name, so positions are counted in the order of the data: problems sort the way they
 * would in a file. A key that is `undefined` counts as left out. Functions are taken for nothing but middlewares.
 */
export function readData(data: unknown): SourceDocument {
  const positions = new Positions();
  const around = new Set<unknown>();
  let count = 0;

  function copy(value: unknown, path: Path): unknown {
    if (typeof value === "function") {
      return path.at(-2) === "middleware" ? value : createForeign("a function");
    }
    if (typeof value !== "object" || value === null) return value;
    if (around.has(value)) return createForeign("a table or list that contains itself");
    if (!Array.isArray(value) && !isPlain(value)) {
      return createForeign(`a ${value.constructor?.name ?? "object"}`);
    }
    around.add(value);
    const into = Array.isArray(value) ? [] : createTable();
    for (const [name, item] of Object.entries(value)) {
      if (item === undefined && !Array.isArray(value)) continue;
      const at = [...path, Array.isArray(value) ? Number(name) : name];
      positions.set(at, { key: count, value: count });
      count++;
      Object.assign(into, { [name]: copy(item, at) });
    }
    around.delete(value);
    return into;
  }

  try {
    return { data: copy(data, []), positions, errors: [] };
  } catch (error) {
    if (!(error instanceof OverBounds)) throw error;
    return { data: createTable(), positions, errors: [error.at] };
  }
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
