/** `value` if it is a table, or an empty one. */
export function asTable(value: unknown): Record<string, unknown> {
  return isTable(value) ? value : {};
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The list at `key` of a table, or an empty one. */
export function listAt(data: unknown, key: string): unknown[] {
  const value = asTable(data)[key];
  return Array.isArray(value) ? value : [];
}
