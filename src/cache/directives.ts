import { isToken } from "../http/chars.ts";
import { trimBlanks } from "../http/list.ts";

/** The most seconds that a directive can say: more means the same (RFC 9111 §1.2.2). */
const MAX_SECONDS = 2 ** 31;

/** A value that can be read as nothing that a directive may have. */
const UNREADABLE = Symbol("unreadable");

type Value = string | undefined | typeof UNREADABLE;

/** The directives of Cache-Control, or of a field like it. Of several with one name the strictest counts. */
export class Directives {
  readonly #values: ReadonlyMap<string, readonly Value[]>;

  constructor(values: ReadonlyMap<string, readonly Value[]>) {
    this.#values = values;
  }

  /** Whether there is such a directive, whatever it says. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The seconds that a directive says, in ms; 0 where that is no number, undefined where it is not there. */
  ms(name: string): number | undefined {
    const values = this.#values.get(name);
    return values === undefined ? undefined : Math.min(...values.map(toSeconds)) * 1000;
  }

  /** The same, where a directive without a value means for ever. */
  msOrEver(name: string): number | undefined {
    const values = this.#values.get(name);
    if (values === undefined) return undefined;
    return Math.min(...values.map((value) => value === undefined ? Infinity : toSeconds(value))) * 1000;
  }
}

/**
 * Reads Cache-Control (RFC 9111 §5.2): names in any case, values as tokens or quoted strings. What stands in a quoted string
 * is no directive; a quote that never ends hides nothing.
 */
export function parseDirectives(value: string | undefined): Directives {
  const values = new Map<string, Value[]>();
  for (const member of value === undefined ? [] : split(value)) {
    const equals = member.indexOf("=");
    const written = equals === -1 ? member : member.slice(0, equals);
    const name = trimBlanks(written).toLowerCase();
    if (name === "") continue;
    const isRead = written.length === name.length; // no blank before the sign
    const found = equals === -1 ? undefined : isRead ? unquoted(member.slice(equals + 1)) : UNREADABLE;
    const known = values.get(name);
    if (known === undefined) values.set(name, [found]);
    else known.push(found);
  }
  return new Directives(values);
}

/** The members of a list whose quoted strings may hold commas. */
function split(value: string): readonly string[] {
  if (!value.includes('"')) return value.split(",").map(trimBlanks);
  const members: string[] = [];
  let from = 0;
  for (let at = 0; at < value.length; at++) {
    const letter = value[at];
    if (letter === ",") {
      members.push(trimBlanks(value.slice(from, at)));
      from = at + 1;
    } else if (letter === '"') {
      const end = endOfQuoted(value, at);
      if (end !== -1) at = end;
    }
  }
  members.push(trimBlanks(value.slice(from)));
  return members;
}

/** Where the quoted string that begins at `from` ends, or -1. */
function endOfQuoted(value: string, from: number): number {
  for (let at = from + 1; at < value.length; at++) {
    if (value[at] === "\\") at++;
    else if (value[at] === '"') return at;
  }
  return -1;
}

function unquoted(text: string): Value {
  if (isToken(text)) return text;
  const isQuoted = text.length > 1 && text.startsWith('"') && endOfQuoted(text, 0) === text.length - 1;
  return isQuoted ? text.slice(1, -1).replace(/\\(.)/g, "$1") : UNREADABLE;
}

/** RFC 9111 §4.2.1 encourages caches to take what they cannot read for stale. */
function toSeconds(value: Value): number {
  return typeof value === "string" && /^\d+$/.test(value) ? Math.min(Number(value), MAX_SECONDS) : 0;
}
