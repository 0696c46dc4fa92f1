import {
  ALIAS_BIT,
  type FieldName,
  fieldName,
  HOP_BY_HOP_BIT,
  type Role,
} from "../../../src/http/field-name.ts";

/**
 * The fields of a message as the proxy kept them while a head was text: names, values and what is known of the names in three
 * arrays side by side. The plain way that `Fields`, which keeps bytes, must agree with; tests alone use it.
 */
export class TextFields {
  readonly names: string[] = [];
  readonly values: string[] = [];
  readonly kinds: FieldName[] = [];
  /** Bits of every line that was ever here. */
  #seen = 0;

  /** Adds a line at the end. */
  append(name: string, value: string): void {
    this.names.push(name);
    this.values.push(value);
    const kind = fieldName(name);
    this.kinds.push(kind);
    this.#seen |= kind.bits;
  }

  mayHave(role: Role): boolean {
    return (this.#seen & (1 << role)) !== 0;
  }

  get mayHaveHopByHop(): boolean {
    return (this.#seen & HOP_BY_HOP_BIT) !== 0;
  }

  get mayHaveAlias(): boolean {
    return (this.#seen & ALIAS_BIT) !== 0;
  }

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

  mapValues(role: Role, change: (value: string, kind: FieldName) => string): void {
    for (let i = 0; i < this.kinds.length; i++) {
      const kind = this.kinds[i]!;
      if (kind.role === role) this.values[i] = change(this.values[i]!, kind);
    }
  }

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
}
