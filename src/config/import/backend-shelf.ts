import type { DraftTable } from "./draft.ts";

/** The backends of a draft. Who needs one that differs from one of the same name gets it under another name. */
export class BackendShelf {
  readonly #table: DraftTable;

  /** Adds to `table`, the `backends` of a draft. */
  constructor(table: DraftTable) {
    this.#table = table;
  }

  /** Puts a backend there, unless an equal one is there, and returns its name. */
  add(wanted: string, backend: DraftTable): string {
    const stem = toBackendName(wanted);
    for (let count = 1;; count++) {
      const name = count === 1 ? stem : `${stem}-${count}`;
      const found = this.#table[name];
      if (found === undefined) this.#table[name] = backend;
      else if (JSON.stringify(found) !== JSON.stringify(backend)) continue;
      return name;
    }
  }
}

/** A name that a backend may have, as near to `wanted` as can be. */
export function toBackendName(wanted: string): string {
  const name = wanted.replace(/[^\w.-]+/g, "-").replace(/^[^A-Za-z0-9]+|-+$/g, "");
  return name === "" || name === "__proto__" ? "backend" : name;
}
