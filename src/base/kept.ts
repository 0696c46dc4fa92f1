import { isDeepStrictEqual } from "node:util";

/**
 * Something that outlives reloads; `close` lets go of what it holds open. `start` says that a config with it is about to run,
 * again at each reload: who only tries a config out never calls it.
 */
export interface Keepable {
  start?(): void;
  close?(): void;
}

interface Entry {
  readonly config: unknown;
  readonly kept: Keepable;
}

/** By their names. */
type Entries = ReadonlyMap<string, readonly Entry[]>;

/**
 * What is made of a config and is to live on through reloads: counts of limits, a cache. Of the config before, what is
 * asked for under the same name with an equal part of the config is taken over.
 */
export class Kept {
  /** What may be taken over; let go of once this config runs, as tables that it has no use for are large. */
  #before: Entries;
  readonly #entries = new Map<string, Entry[]>();

  /** `before` is what the config before has kept. */
  constructor(before?: Kept) {
    this.#before = before === undefined ? new Map() : before.#entries;
  }

  /**
   * What there is under `name` that was made of the same; else what `make` makes of `config`. Several may have one name, as
   * what is named after a rule whose condition another rule has as well.
   */
  take<T extends object & Keepable>(name: string, config: unknown, make: () => T): T {
    const entry = find(this.#entries, name, config) ?? find(this.#before, name, config) ??
      { config, kept: make() };
    const entries = this.#entries.get(name);
    if (entries === undefined) this.#entries.set(name, [entry]);
    else if (!entries.includes(entry)) entries.push(entry);
    return entry.kept as T;
  }

  /** The config is about to run: nothing more is asked for. */
  start(): void {
    this.#before = new Map();
    for (const { kept } of this.#all()) kept.start?.();
  }

  /** Closes what `other` has not as well. */
  close(other?: Kept): void {
    const others = new Set(other === undefined ? [] : other.#all());
    for (const entry of this.#all()) if (!others.has(entry)) entry.kept.close?.();
  }

  #all(): readonly Entry[] {
    return [...this.#entries.values()].flat();
  }
}

function find(entries: Entries, name: string, config: unknown): Entry | undefined {
  return entries.get(name)?.find((entry) => isDeepStrictEqual(entry.config, config));
}
