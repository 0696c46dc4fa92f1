import { Fields } from "../http/fields.ts";

/**
 * The lines of `fields` whose value in `headers` is still what it was, then what is new or changed. So one
 * header set by a middleware does not cost all others their case, order and repetitions.
 */
export function reconcile(fields: Fields, headers: Headers): Fields {
  const before = fields.toHeaders();
  const kept = new Fields();
  for (let i = 0; i < fields.size; i++) {
    const name = fields.kinds[i]!.lower;
    if (sameValue(before, headers, name)) kept.append(fields.name(i), fields.value(i));
  }
  const seen = new Set<string>();
  for (const [name, value] of headers) {
    if (sameValue(before, headers, name)) continue;
    if (name !== "set-cookie" && seen.has(name)) continue;
    seen.add(name);
    kept.append(name, value);
  }
  return kept;
}

function sameValue(before: Headers, after: Headers, name: string): boolean {
  if (name === "set-cookie") return before.getSetCookie().join("\n") === after.getSetCookie().join("\n");
  return before.get(name) === after.get(name);
}
