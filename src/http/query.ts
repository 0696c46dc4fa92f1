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
    const isAsked = pair !== "" && names.has(name);
    if (/[%+]/.test(isAsked ? pair : name)) return decodedValues(target.slice(start + 1), names);
    if (isAsked) addValue(values, name, equals === -1 ? "" : pair.slice(equals + 1));
    at = end + 1;
  }
  return values;
}

const NONE: ValuesByName = new Map();

function endOfPair(target: string, from: number): number {
  const end = target.indexOf("&", from);
  return end === -1 ? target.length : end;
}

/** The same where something is escaped, by the runtime's own reader: it costs more, but once for all of it. */
function decodedValues(query: string, names: ReadonlySet<string>): ValuesByName {
  const values = new Map<string, string[]>();
  // The class drops a "?" in front, which is a part of the first name here.
  for (const [name, value] of new URLSearchParams("&" + query)) {
    if (names.has(name)) addValue(values, name, value);
  }
  return values;
}
