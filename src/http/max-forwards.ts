import { ROLE } from "./field-name.ts";
import type { Fields } from "./fields.ts";

/** More than any chain of proxies has; a larger number is passed on as this one. */
const MAX_FORWARDS = 0x7fff_ffff;
const DECIMAL = /^\d+$/;

/** Whether a request with the method OPTIONS may be passed on no further: its Max-Forwards is 0 (RFC 9110 §7.6.2). */
export function isAtLastHop(fields: Fields): boolean {
  if (!fields.mayHave(ROLE.maxForwards)) return false;
  return fields.kinds.some((kind, i) => {
    if (kind.role !== ROLE.maxForwards) return false;
    const value = fields.value(i);
    return DECIMAL.test(value) && Number(value) === 0;
  });
}

/** The value of Max-Forwards one hop on (RFC 9110 §7.6.2); what is no number goes on as it is. */
export function oneHopOn(value: string): string {
  return DECIMAL.test(value) ? String(Math.min(Number(value) - 1, MAX_FORWARDS)) : value;
}
