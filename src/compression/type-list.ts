/** Values that are remembered, and how long they are: servers may make them up. */
const MAX_KNOWN = 256, MAX_KNOWN_LENGTH = 256;

/** Never compressed, whatever a list says: their lines would wait for each other. */
const EVENT_STREAM = "text/event-stream";

/** A list of media types, asked by values of Content-Type. */
export class TypeList {
  readonly #exact = new Set<string>();
  /** `text/` of `text/*`. */
  readonly #classes: string[] = [];
  /** `application/` and `+json` of `application/*+json`. */
  readonly #suffixed: [before: string, after: string][] = [];
  readonly #known = new Map<string, boolean>();

  /** Each of `patterns` in lower case. */
  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      const star = pattern.indexOf("*");
      if (star === -1) this.#exact.add(pattern);
      else if (star === pattern.length - 1) this.#classes.push(pattern.slice(0, star));
      else this.#suffixed.push([pattern.slice(0, star), pattern.slice(star + 1)]);
    }
  }

  /** Whether it has the type of this Content-Type. */
  has(contentType: string): boolean {
    const known = this.#known.get(contentType);
    if (known !== undefined) return known;
    const has = this.#find(contentType);
    if (contentType.length > MAX_KNOWN_LENGTH) return has;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(contentType, has);
    return has;
  }

  #find(contentType: string): boolean {
    const [essence = ""] = contentType.split(";", 1);
    const type = essence.trim().toLowerCase();
    if (type === EVENT_STREAM) return false;
    return this.#exact.has(type) || this.#classes.some((start) => type.startsWith(start)) ||
      this.#suffixed.some(([before, after]) => type.startsWith(before) && type.endsWith(after));
  }
}
