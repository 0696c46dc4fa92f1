import { isDeepStrictEqual } from "node:util";
import type { Included } from "../config/problems/error.ts";
import { FileWatch } from "./file-watch.ts";
import { watchedFiles } from "./included-watch.ts";

/** Watches the config file and those that it names, as `FileWatch` does each. */
export class FilesWatch {
  readonly #onChange: () => void;
  readonly #config: FileWatch;
  #others = new Map<string, FileWatch>();
  #included: { readonly named: Included; readonly watch: FileWatch } | undefined;
  #ms = 0;

  constructor(config: string, onChange: () => void) {
    this.#onChange = onChange;
    this.#config = new FileWatch(config, onChange);
  }

  /** Watches these `files` as well, and no others any more. */
  also(files: readonly string[]): void {
    const others = new Map<string, FileWatch>();
    for (const file of files) {
      const watch = this.#others.get(file) ?? new FileWatch(file, this.#onChange);
      watch.every(this.#ms);
      others.set(file, watch);
    }
    for (const [file, watch] of this.#others) if (!others.has(file)) watch.close();
    this.#others = others;
  }

  /** Watches what the config includes, and nothing that it included before. */
  including(named: Included): void {
    if (isDeepStrictEqual(named, this.#included?.named)) return;
    this.#included?.watch.close();
    this.#included = undefined;
    if (named.patterns.length === 0) return;
    this.#included = { named, watch: new FileWatch(watchedFiles(named), this.#onChange) };
    this.#included.watch.every(this.#ms);
  }

  /** What is in the files now counts as seen: somebody is about to read them. */
  note(): void {
    for (const watch of this.#all()) watch.note();
  }

  /** Looks every `ms` milliseconds from now on; 0 does not look at all. */
  every(ms: number): void {
    this.#ms = ms;
    for (const watch of this.#all()) watch.every(ms);
  }

  close(): void {
    this.#ms = 0;
    for (const watch of this.#all()) watch.close();
  }

  *#all(): Generator<FileWatch> {
    yield this.#config;
    yield* this.#others.values();
    if (this.#included !== undefined) yield this.#included.watch;
  }
}
