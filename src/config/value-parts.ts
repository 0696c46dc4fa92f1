import { freeze } from "./freeze.ts";
import type { Path } from "./text/positions.ts";

/** A part of a value: a small value at its path, an empty list or table there, or some of its entries. */
export type ValuePart =
  | { readonly path: Path; readonly value: unknown }
  | { readonly path: Path; readonly holder: "list" | "table" }
  | { readonly path: Path; readonly entries: readonly (readonly [key: PropertyKey, value: unknown])[] };

/** What one part costs to take, in values; that is some milliseconds. */
const PART_VALUES = 5000;

/** Characters or bytes that cost as much as a value. */
const VALUE_LENGTH = 200;

/** Cuts plain data into parts none of which takes long to receive; each list or table comes before what is in it. */
export function cutValue(value: unknown): ValuePart[] {
  const costs = new Map<unknown, number>();
  const parts: ValuePart[] = [];

  function costOf(value: unknown): number {
    if (typeof value === "string") return 1 + value.length / VALUE_LENGTH;
    if (typeof value !== "object" || value === null) return 1;
    if (ArrayBuffer.isView(value)) return 1 + value.byteLength / VALUE_LENGTH;
    const known = costs.get(value);
    if (known !== undefined) return known;
    let cost = 1;
    for (const item of Object.values(value)) cost += costOf(item);
    costs.set(value, cost);
    return cost;
  }

  function cut(value: unknown, path: Path): void {
    if (costOf(value) <= PART_VALUES || !isHolder(value)) return void parts.push({ path, value });
    const isList = Array.isArray(value);
    parts.push({ path, holder: isList ? "list" : "table" });
    let entries: [PropertyKey, unknown][] = [];
    let cost = 0;
    const flush = () => {
      if (entries.length > 0) parts.push({ path, entries });
      entries = [];
      cost = 0;
    };
    for (const [name, item] of Object.entries(value)) {
      const key = isList ? Number(name) : name;
      const more = costOf(item);
      if (cost + more > PART_VALUES) flush(); // also what comes after keeps the order of the keys
      if (more > PART_VALUES) cut(item, [...path, key]);
      else {
        entries.push([key, item]);
        cost += more;
      }
    }
    flush();
  }

  cut(value, []);
  return parts;
}

/** Puts together, and freezes, what `cutValue` has cut; the parts come in their order. */
export class JoinedValue {
  readonly #root: { value?: unknown } = {};
  readonly #holders: object[] = [];

  add(part: ValuePart): void {
    if ("entries" in part) {
      const holder = this.#at(part.path);
      for (const [key, value] of part.entries) set(holder, key, freeze(value));
    } else {
      const path = ["value", ...part.path];
      const value = "value" in part ? freeze(part.value) : part.holder === "list" ? [] : {};
      if ("holder" in part) this.#holders.push(value as object);
      set(path.slice(0, -1).reduce(step, this.#root), path.at(-1)!, value);
    }
  }

  /** The whole value, when the last part has come. */
  end(): unknown {
    for (const holder of this.#holders) Object.freeze(holder);
    return this.#root.value;
  }

  #at(path: Path): object {
    return path.reduce(step, this.#root.value as object);
  }
}

function step(holder: object, key: PropertyKey): object {
  return (holder as Record<PropertyKey, object>)[key]!;
}

/** Not by assignment: `__proto__` is a key like any other. */
function set(holder: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

function isHolder(value: unknown): value is object {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
}
