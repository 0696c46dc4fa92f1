import type { Fields } from "../http/fields.ts";
import { Directives } from "./directives.ts";

const KEY = "[a-z*][a-z0-9_\\-.*]*";
const BARE = [
  "-?\\d{1,15}(?:\\.\\d{1,3})?",
  '"(?:[ !#-\\[\\]-~]|\\\\["\\\\])*"',
  "[A-Za-z*][!#$%&'*+\\-.^_`|~\\w:/]*",
  ":[A-Za-z0-9+/=]*:",
  "\\?[01]",
].join("|");
const PARAMETERS = `(?: *; *${KEY}(?:=(?:${BARE}))?)*`;
const ITEM = `(?:${BARE})${PARAMETERS}`;
const INNER_LIST = `\\( *(?:${ITEM}(?: +${ITEM})* *)?\\)${PARAMETERS}`;
/** One member of a dictionary (RFC 9651 §3.2): its key, and its value where that is no list. */
const MEMBER = new RegExp(`(${KEY})(?:=(?:${INNER_LIST}|(${BARE})${PARAMETERS})|${PARAMETERS})`, "y");
const COMMA = /[ \t]*,[ \t]*/y;

/**
 * What the first of the fields `targets` says that is there and can be read: it holds in place of Cache-Control and Expires
 * (RFC 9213 §2.2). Undefined where there is none.
 */
export function targetedDirectives(fields: Fields, targets: readonly string[]): Directives | undefined {
  for (const target of targets) {
    const value = fields.get(target);
    const directives = value === undefined ? undefined : parseDictionary(value.trim());
    if (directives !== undefined) return directives;
  }
  return undefined;
}

/** Such a field is a dictionary of structured fields, and nothing else (RFC 9213 §2.1): one that is none counts for nothing. */
function parseDictionary(value: string): Directives | undefined {
  if (value === "") return undefined;
  const values = new Map<string, string | undefined>();
  for (let at = 0;;) {
    MEMBER.lastIndex = at;
    const match = MEMBER.exec(value);
    if (match === null) return undefined;
    const [whole, key, written] = match;
    values.delete(key!);
    if (written !== "?0") values.set(key!, written === "?1" ? undefined : written);
    at += whole.length;
    if (at === value.length) break;
    COMMA.lastIndex = at;
    const comma = COMMA.exec(value);
    if (comma === null) return undefined;
    at += comma[0].length;
  }
  return new Directives(new Map([...values].map(([key, value]) => [key, [value]])));
}
