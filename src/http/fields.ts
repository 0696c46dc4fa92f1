import { ALIAS_BIT, type FieldName, fieldName, HOP_BY_HOP_BIT, type Role } from "./field-name.ts";

/**
 * The header or trailer fields of one message as they came: order, case and repetitions are kept. Three
 * arrays side by side hold the name as written, the value, and what is known of the name.
 */
export class Fields {
  readonly names: string[] = [];
  readonly values: string[] = [];
  readonly kinds: FieldName[] = [];
  /** Bits of every line that was ever here. */
  #seen = 0;

  /** Number of field lines. */
  get size(): number {
    return this.names.length;
  }

  /** Adds a line at the end. */
  append(name: string, value: string): void {
    this.names.push(name);
    this.values.push(value);
    const kind = fieldName(name);
    this.kinds.push(kind);
    this.#seen |= kind.bits;
  }

  /** Whether there may be a line of `role`; false is certain. */
  mayHave(role: Role): boolean {
    return (this.#seen & (1 << role)) !== 0;
  }

  /** Whether there may be a field for one connection only; false is certain. */
  get mayHaveHopByHop(): boolean {
    return (this.#seen & HOP_BY_HOP_BIT) !== 0;
  }

  /** Whether there may be a name that passes for another; false is certain. */
  get mayHaveAlias(): boolean {
    return (this.#seen & ALIAS_BIT) !== 0;
  }

  /** All values of `lower` joined by a comma, as RFC 9110 §5.3 reads repeated lines; undefined where there is none. */
  get(lower: string): string | undefined {
    let found: string | undefined;
    for (let i = 0; i < this.kinds.length; i++) {
      if (this.kinds[i]!.lower !== lower) continue;
      found = found === undefined ? this.values[i]! : `${found}, ${this.values[i]!}`;
    }
    return found;
  }

  has(lower: string): boolean {
    return this.kinds.some((kind) => kind.lower === lower);
  }

  /** Removes the lines whose name `unwanted` says so of, in place. */
  removeWhere(unwanted: (kind: FieldName) => boolean): void {
    const { names, values, kinds } = this;
    let kept = 0;
    for (let i = 0; i < kinds.length; i++) {
      if (unwanted(kinds[i]!)) continue;
      if (kept !== i) {
        names[kept] = names[i]!;
        values[kept] = values[i]!;
        kinds[kept] = kinds[i]!;
      }
      kept++;
    }
    names.length = values.length = kinds.length = kept;
  }

  /** Puts what `change` makes of its value in place of it, in every line of `role`. */
  mapValues(role: Role, change: (value: string, kind: FieldName) => string): void {
    for (let i = 0; i < this.kinds.length; i++) {
      const kind = this.kinds[i]!;
      if (kind.role === role) this.values[i] = change(this.values[i]!, kind);
    }
  }

  /** A web-standard Headers of the same lines. Cookies are joined by `; `, as RFC 9113 §8.2.3 does. */
  toHeaders(): Headers {
    const headers = new Headers();
    let cookie: string | undefined;
    for (let i = 0; i < this.names.length; i++) {
      if (this.kinds[i]!.lower !== "cookie") headers.append(this.names[i]!, this.values[i]!);
      else cookie = cookie === undefined ? this.values[i]! : `${cookie}; ${this.values[i]!}`;
    }
    if (cookie !== undefined) headers.set("cookie", cookie);
    return headers;
  }

  /** The lines of `headers`; each Set-Cookie stays a line of its own. */
  static from(headers: Headers): Fields {
    const fields = new Fields();
    for (const [name, value] of headers) fields.append(name, value);
    return fields;
  }
}

/** The members of a comma-separated list, in lower case, empty ones left out (RFC 9110 §5.6.1). */
export function listMembers(value: string): string[] {
  return value.toLowerCase().split(",").map(trimBlanks).filter((member) => member !== "");
}

/** Whether a comma-separated list has more than `most` members, empty ones included; looks at no more than those. */
export function hasMoreMembers(list: string, most: number): boolean {
  let comma = -1;
  for (let members = 0; members < most; members++) {
    comma = list.indexOf(",", comma + 1);
    if (comma === -1) return false;
  }
  return true;
}

/**
 * `text` without the blanks and tabs around it (OWS, RFC 9110 §5.6.3). `trim` would take a no-break space away as
 * well, and find a name where others see none; a regular expression takes time that grows with the square.
 */
export function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
