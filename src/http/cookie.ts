import { type Fields, trimBlanks } from "./fields.ts";

/**
 * The value of the cookie `name`; the first where there are several, which is the one with the longest path
 * (RFC 6265 §5.4). Undefined where there is none. Names keep their case.
 */
export function cookieValue(fields: Fields, name: string): string | undefined {
  for (let i = 0; i < fields.size; i++) {
    if (fields.kinds[i]!.lower !== "cookie") continue;
    for (const pair of fields.values[i]!.split(";")) {
      const equals = pair.indexOf("=");
      if (equals === -1 || trimBlanks(pair.slice(0, equals)) !== name) continue;
      const value = trimBlanks(pair.slice(equals + 1));
      return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    }
  }
  return undefined;
}
