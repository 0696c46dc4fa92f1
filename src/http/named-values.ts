/** Finds the values of `names` in something that a client sent. */
export type ReadValues<Source> = (
  source: Source,
  names: ReadonlySet<string>,
) => ReadonlyMap<string, string>;

/**
 * Values by name of what clients send, such as parameters or cookies, for many who each ask for one name. A source is
 * read once, when it is first asked about, and of its values only those are kept that somebody asks for: what a client
 * can make it cost does not grow with the number of those who ask, nor what it holds with what the client sends.
 */
export class NamedValues<Source> {
  readonly #read: ReadValues<Source>;
  readonly #names = new Set<string>();
  #source: Source | undefined;
  #values: ReadonlyMap<string, string> | undefined;

  constructor(read: ReadValues<Source>) {
    this.#read = read;
  }

  /** A function that tells the value of `name`, undefined where there is none. To be called before any of them is. */
  ask(name: string): (source: Source) => string | undefined {
    this.#names.add(name);
    return (source) => {
      if (this.#values === undefined || this.#source !== source) {
        this.#values = this.#read(source, this.#names);
        this.#source = source;
      }
      return this.#values.get(name);
    };
  }
}
