import { addValue, type ValuesByName } from "./named-values.ts";

/**
 * The values of each of `names` in the query of a request target, in their order, decoded as forms are
 * (application/x-www-form-urlencoded). One pass, whatever the number of names; nothing else is kept.
 */
export function queryValues(target: string, names: ReadonlySet<string>): ValuesByName {
  const start = target.indexOf("?");
  if (start === -1) return NONE;
  const values = new Map<string, string[]>();
  for (let at = start + 1; at < target.length;) {
    const end = endOfPair(target, at);
    const pair = target.slice(at, end);
    const equals = pair.indexOf("=");
    const name = equals === -1 ? pair : pair.slice(0, equals);
    if (/[%+]/.test(name)) return decodedValues(target.slice(start + 1), names);
    if (pair !== "" && names.has(name)) {
      addValue(values, name, equals === -1 ? "" : decoded(pair.slice(equals + 1)));
    }
    at = end + 1;
  }
  return values;
}

const NONE: ValuesByName = new Map();

function endOfPair(target: string, from: number): number {
  const end = target.indexOf("&", from);
  return end === -1 ? target.length : end;
}

/** The same where names are escaped: rare, and the runtime's own reader costs many times as much. */
function decodedValues(query: string, names: ReadonlySet<string>): ValuesByName {
  const values = new Map<string, string[]>();
  // The class drops a "?" in front, which is a part of the first name here.
  for (const [name, value] of new URLSearchParams("&" + query)) {
    if (names.has(name)) addValue(values, name, value);
  }
  return values;
}

function decoded(value: string): string {
  return /[%+]/.test(value) ? new URLSearchParams("=" + value).get("")! : value;
}
