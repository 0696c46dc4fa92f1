import type { Fields } from "./fields.ts";
import { listMembers } from "./list.ts";

/** Says that an answer depends on the field `name` of its request (RFC 9110 §12.5.5). */
export function addVary(fields: Fields, name: string): void {
  const vary = fields.get("vary");
  const members = vary === undefined ? [] : listMembers(vary);
  if (!members.includes(name.toLowerCase()) && !members.includes("*")) fields.append("Vary", name);
}
