import { createTable } from "../text/source.ts";
import type { Path } from "../text/positions.ts";

type Holder = Record<PropertyKey, unknown>;

/** Data of ours that is made of a predecessor's, what each part of it came from, and what is not the same. */
export class Translation {
  readonly data: Record<string, unknown> = createTable();
  /** What differs from the predecessor, and what an operator should know; a sentence each. */
  readonly differences: string[] = [];
  readonly #origins = new Map<string, { readonly from: Path; readonly alike: boolean }>();

  /** Puts `value` at `path`, with the tables and lists around it; it came from `from`. */
  set(path: Path, value: unknown, from: Path = []): void {
    let holder: Holder = this.data;
    path.slice(0, -1).forEach((key, i) => {
      holder[key] ??= typeof path[i + 1] === "number" ? [] : createTable();
      holder = holder[key] as Holder;
    });
    holder[path.at(-1)!] = value;
    this.#origins.set(JSON.stringify(path), { from, alike: false });
  }

  /** Puts `value` at `path`, as it stands at `from` with all that is in it. */
  copy(path: Path, value: unknown, from: Path): void {
    this.set(path, value, from);
    this.#origins.set(JSON.stringify(path), { from, alike: true });
  }

  /** What the value at `path`, or the nearest one around it, came from. */
  origin(path: Path): Path {
    for (let length = path.length; length > 0; length--) {
      const origin = this.#origins.get(JSON.stringify(path.slice(0, length)));
      if (origin !== undefined) return origin.alike ? [...origin.from, ...path.slice(length)] : origin.from;
    }
    return [];
  }

  /** Adds a difference where it applies. */
  differs(sentence: string, applies = true): void {
    if (applies) this.differences.push(sentence);
  }
}

/** Servers of a list that may name one several times, which is a larger share of the requests: each once, by its weight. */
export function countServers<Server extends { readonly url: string; readonly weight: number }>(
  servers: readonly Server[],
): { readonly server: Server; readonly weight: number; readonly position: number }[] {
  const counted = new Map<string, { server: Server; weight: number; position: number }>();
  servers.forEach((server, position) => {
    const known = counted.get(server.url);
    if (known === undefined) counted.set(server.url, { server, weight: server.weight, position });
    else known.weight += server.weight;
  });
  return [...counted.values()];
}
