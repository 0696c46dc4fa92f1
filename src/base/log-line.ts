import type { LogEvent, LogFields } from "./log-event.ts";

/** Bytes that one value may have in a line by default. */
export const DEFAULT_VALUE_SIZE = 2048;

/** A line of JSON. One `JSON.stringify` of all fields, which on one runtime beats a line put together by hand two to one. */
export function jsonLine({ now, level, event, fields }: LogEvent, valueSize: number): string {
  let rest = JSON.stringify(fields);
  // Rarely: a value that may be too long, or holds what a terminal may obey.
  if (rest.length > valueSize || CONTROLS.test(rest)) rest = escaped(cutAll(fields, valueSize));
  rest = rest.slice(1);
  return '{"time":"' + timestamp(now) + '","level":"' + level + '","event":' + escaped(event) +
    (rest === "}" ? rest : "," + rest) + "\n";
}

/** A line of the event's name and `name=value` for each field. */
export function textLine({ now, level, event, fields }: LogEvent, valueSize: number): string {
  return timestamp(now) + " " + level.padEnd(5) + " " + event + pairs(fields, valueSize) + "\n";
}

/** ` name=value` for each field. */
export function pairs(fields: LogFields, valueSize: number): string {
  let text = "";
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) text += " " + name + "=" + printable(value, valueSize);
  }
  return text;
}

/** `text` as JSON, with no more than `size` bytes of it. */
export function escapedValue(text: string, size: number): string {
  return escaped(cut(text, size));
}

/** Quoted where a blank, a quote or a control character would break the line apart or forge another one. */
export function printable(value: string | number | boolean, size: number): string {
  if (typeof value !== "string") return String(value);
  const text = cut(value, size);
  return /^[\x21\x23-\x7e]+$/.test(text) ? text : escaped(text);
}

let stampedMs = -1;
let stamp = "";

/** Many lines are of the same millisecond. */
function timestamp(now: number): string {
  if (now !== stampedMs) {
    stampedMs = now;
    stamp = new Date(now).toISOString();
  }
  return stamp;
}

function cutAll(fields: LogFields, size: number): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map((
      [name, value],
    ) => [name, typeof value === "string" ? cut(value, size) : value]),
  );
}

/** The longest that one character gets in a line: `\u0080`. */
const MAX_WIDTH = 6;

/** `text`, or the front of it that has `size` bytes in a line and a mark that says how long it was, in characters. */
function cut(text: string, size: number): string {
  if (text.length * MAX_WIDTH <= size) return text;
  let room = size;
  for (let i = 0; i < text.length; i++) {
    room -= widthOf(text.charCodeAt(i));
    if (room < 0) return `${text.slice(0, i)}...[cut from ${text.length}]`;
  }
  return text;
}

/** Bytes of a character in a line, escaped where it has to be. */
function widthOf(code: number): number {
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return MAX_WIDTH;
  if (code < 0x7f) return code === 0x22 || code === 0x5c ? 2 : 1;
  if (code < 0x800) return 2;
  return code >= 0xd800 && code <= 0xdfff ? MAX_WIDTH : 3; // half of a pair, which may stand alone
}

/** JSON without the control characters that JSON leaves as they are: a terminal may obey them. */
function escaped(value: string | LogFields): string {
  const json = JSON.stringify(value);
  if (!CONTROLS.test(json)) return json;
  return json.replaceAll(
    new RegExp(CONTROLS, "g"),
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

const CONTROLS = /[\x7f-\x9f]/;
