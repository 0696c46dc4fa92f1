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

/**
 * What is made of a config and is to live on through reloads: counts of limits, a cache. Of the config before, what is
 * asked for under the same name with an equal part of the config is taken over.
 */
export class Kept {
  readonly #before: ReadonlyMap<string, Entry>;
  readonly #entries = new Map<string, Entry>();

  /** `before` is what the config before has kept. */
  constructor(before?: Kept) {
    this.#before = before === undefined ? new Map() : before.#entries;
  }

  /** What there is under `name`, where it was made of the same; else what `make` makes of `config`. */
  take<T extends object & Keepable>(name: string, config: unknown, make: () => T): T {
    const known = this.#entries.get(name) ?? this.#before.get(name);
    const entry = known !== undefined && isDeepStrictEqual(known.config, config)
      ? known
      : { config, kept: make() };
    this.#entries.set(name, entry);
    return entry.kept as T;
  }

  /** The config is about to run. */
  start(): void {
    for (const { kept } of this.#entries.values()) kept.start?.();
  }

  /** Closes what `other` has not as well. */
  close(other?: Kept): void {
    const others = other === undefined ? undefined : other.#entries;
    for (const [name, { kept }] of this.#entries) {
      if (others?.get(name)?.kept !== kept) kept.close?.();
    }
  }
}
