import type { Fields } from "../http/fields.ts";
import { listMembers, trimBlanks } from "../http/list.ts";

/** Fields of a request that an answer depends on, and what they said. */
export type Variant = readonly (readonly [name: string, value: string | undefined])[];

const NONE: Variant = [];

/** What Vary of an answer to `request` names, with what that request said (RFC 9111 §4.1). */
export function variantOf(answer: Fields, request: Fields): Variant {
  const vary = answer.get("vary");
  return vary === undefined ? NONE : variantBy([...new Set(listMembers(vary))].sort(), request);
}

/** What `request` says in the fields `names`. */
export function variantBy(names: readonly string[], request: Fields): Variant {
  return names.map((name) => [name, normal(name, request.get(name))] as const);
}

/** Whether `request` says the same. */
export function isVariant(variant: Variant, request: Fields): boolean {
  for (let i = 0; i < variant.length; i++) {
    const [name, value] = variant[i]!;
    if (normal(name, request.get(name)) !== value) return false;
  }
  return true;
}

/** Fields whose values mean the same in any case (RFC 9110 §8.4.1 and §8.5.1). */
const CASELESS: ReadonlySet<string> = new Set(["accept-encoding", "accept-language", "accept-charset"]);

/** A value with its lines joined and the blanks around its commas gone, which RFC 9111 §4.1 takes for the same. */
function normal(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const joined = value.includes(",") ? value.split(",").map(trimBlanks).join(",") : value;
  return CASELESS.has(name) ? joined.toLowerCase() : joined;
}
