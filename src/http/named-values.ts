import { ProxyError } from "../base/errors.ts";

/** Values of one name that are looked at; a request with more of them is refused, as no part of them says enough. */
const MAX_VALUES = 250;

/** What a client sent under some names; a name may come more than once. */
export type ValuesByName = ReadonlyMap<string, readonly string[]>;

/** Finds the values of `names` in something that a client sent. */
export type ReadValues<Source> = (source: Source, names: ReadonlySet<string>) => ValuesByName;

const NONE: readonly string[] = [];

/** Adds a value of `name` after those that `values` has. */
export function addValue(values: Map<string, string[]>, name: string, value: string): void {
  const before = values.get(name);
  if (before === undefined) values.set(name, [value]);
  else before.push(value);
}

/**
 * Values by name of what clients send, such as parameters or cookies, for many who each ask for one name. A source is
 * read once, when it is first asked about, and of its values only those are kept that somebody asks for: what a client
 * can make it cost does not grow with the number of those who ask, nor what it holds with what the client sends.
 */
export class NamedValues<Source> {
  readonly #read: ReadValues<Source>;
  readonly #names = new Set<string>();
  #source: Source | undefined;
  #values: ValuesByName | undefined;

  constructor(read: ReadValues<Source>) {
    this.#read = read;
  }

  /**
   * A function that tells the values of `name`, equal ones once. To be called before any of them is. It throws a
   * ProxyError (`bad_request`) where some name has more than anybody could look at in time.
   */
  ask(name: string): (source: Source) => readonly string[] {
    this.#names.add(name);
    return (source) => {
      if (this.#values === undefined || this.#source !== source) {
        this.#values = bounded(this.#read(source, this.#names));
        this.#source = source;
      }
      return this.#values.get(name) ?? NONE;
    };
  }
}

function bounded(values: ValuesByName): ValuesByName {
  let distinct: Map<string, readonly string[]> | undefined;
  for (const [name, all] of values) {
    if (all.length === 1) continue;
    const once = [...new Set(all)];
    if (once.length > MAX_VALUES) {
      throw new ProxyError("bad_request", `Over ${MAX_VALUES} values of ${JSON.stringify(name)}`);
    }
    (distinct ??= new Map(values)).set(name, once);
  }
  return distinct ?? values;
}
