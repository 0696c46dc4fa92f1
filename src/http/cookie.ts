import { trimBlanks } from "./list.ts";
import type { Fields } from "./fields.ts";
import { addValue, type ValuesByName } from "./named-values.ts";

/**
 * The values of each of the cookies `names`; of several the first is the one with the longest path (RFC 6265 §5.4). Names
 * keep their case. One pass, whatever the number of names; nothing else is kept.
 */
export function cookieValues(fields: Fields, names: ReadonlySet<string>): ValuesByName {
  const values = new Map<string, string[]>();
  for (let i = 0; i < fields.size; i++) {
    if (fields.kinds[i]!.lower === "cookie") readLine(fields.value(i), names, values);
  }
  return values;
}

function readLine(line: string, names: ReadonlySet<string>, values: Map<string, string[]>): void {
  for (let at = 0; at < line.length;) {
    const semicolon = line.indexOf(";", at);
    const end = semicolon === -1 ? line.length : semicolon;
    const pair = line.slice(at, end);
    const equals = pair.indexOf("=");
    const name = equals === -1 ? undefined : trimBlanks(pair.slice(0, equals));
    if (name !== undefined && names.has(name)) {
      addValue(values, name, unquoted(trimBlanks(pair.slice(equals + 1))));
    }
    at = end + 1;
  }
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}
