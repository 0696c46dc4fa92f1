import type { FieldName } from "../http/field-name.ts";

/**
 * Whether a field passes for one of `names`, as it is or once a server has turned all but letters and digits into `_`, as
 * CGI and its kin do.
 */
export function passesForOneOf(names: readonly string[]): (kind: FieldName) => boolean {
  const alike = new Set(names.map((name) => likeness(name.toLowerCase())));
  return ({ lower, alias }) => alike.has(alias ? likeness(lower) : lower);
}

function likeness(lower: string): string {
  return lower.replace(/[^a-z0-9]/g, "-");
}
