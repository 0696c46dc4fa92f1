import type { Fields } from "../../src/http/fields.ts";

/** The names of `fields` as written, in order. */
export function namesOf(fields: Fields): string[] {
  return fields.kinds.map((_, line) => fields.name(line));
}

/** The values of `fields`, in order. */
export function valuesOf(fields: Fields): string[] {
  return fields.kinds.map((_, line) => fields.value(line));
}
