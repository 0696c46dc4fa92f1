import { Buffer } from "node:buffer";
import { type FieldName, fieldName } from "../http/field-name.ts";
import { Fields } from "../http/fields.ts";
import { fieldLine } from "../http1/encode.ts";

/** Fields that are not kept: for one connection, for one proxy (RFC 9111 §3.1), made anew for each answer, or for this cache. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  "age",
  "cache-tag",
  "proxy-authentication-info",
  "surrogate-key",
  "trailer",
]);

/** Fields by which an answer says under which tags it is kept; clients do not get them. */
const TAGS: ReadonlySet<string> = new Set(["cache-tag", "surrogate-key"]);
const MAX_TAGS = 256;

/**
 * What a 304 may not change: it has no content, so what describes that is not its own (RFC 9111 §3.2). Nor does it have
 * another tag than the one that was asked for.
 */
const OF_CONTENT: ReadonlySet<string> = new Set([
  "content-digest",
  "content-encoding",
  "content-length",
  "content-md5",
  "content-range",
  "etag",
  "repr-digest",
]);

/** One field line. */
type Line = readonly [name: string, value: string];

/** The lines of `fields` that are kept with an answer. */
export function keptLines(fields: Fields): Line[] {
  return linesOf(fields, isKept);
}

/** `kept` as a later answer without content freshens them: its lines stand in place of those with the same names. */
export function freshened(kept: Fields, later: Fields): Line[] {
  const updates = (kind: FieldName) => isKept(kind) && !OF_CONTENT.has(kind.lower);
  const updated = new Set(["date", ...later.kinds.filter(updates).map(({ lower }) => lower)]);
  return [...linesOf(kept, ({ lower }) => !updated.has(lower)), ...linesOf(later, updates)];
}

/** Field lines as bytes, in one piece, so that they go out by one copy. */
export function packed(lines: readonly Line[]): Fields {
  const marks: number[] = [];
  const kinds: FieldName[] = [];
  let seen = 0;
  let text = "";
  for (const [name, value] of lines) {
    const kind = fieldName(name);
    const from = text.length;
    text += fieldLine(name, value);
    marks.push(from, from + name.length, text.length - 2);
    kinds.push(kind);
    seen |= kind.bits;
  }
  const bytes = Buffer.allocUnsafeSlow(text.length);
  bytes.write(text, "latin1");
  return new Fields(bytes, { marks, kinds, seen });
}

/** The tags of an answer: members of Cache-Tag, and words of Surrogate-Key. */
export function tagsOf(fields: Fields): readonly string[] {
  const tags = [
    ...(fields.get("cache-tag") ?? "").split(","),
    ...(fields.get("surrogate-key") ?? "").split(/[ ,]/),
  ].map((tag) => tag.trim()).filter((tag) => tag !== "");
  return [...new Set(tags)].slice(0, MAX_TAGS);
}

/** Takes what tags an answer out of its fields, in place. */
export function removeTags(fields: Fields): void {
  fields.removeWhere(({ lower }) => TAGS.has(lower));
}

function isKept({ hopByHop, lower }: FieldName): boolean {
  return !hopByHop && !NOT_KEPT.has(lower);
}

/** The lines of `fields` that are wanted, by name and value. */
export function linesOf(fields: Fields, wanted: (kind: FieldName, value: string) => boolean): Line[] {
  const lines: Line[] = [];
  for (let i = 0; i < fields.size; i++) {
    const value = fields.value(i);
    if (wanted(fields.kinds[i]!, value)) lines.push([fields.name(i), value]);
  }
  return lines;
}
