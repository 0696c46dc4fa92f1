import type { FieldName } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import { listMembers } from "../http/list.ts";

/** What is true of the bytes as the server sends them alone. A range of the compressed ones cannot be had. */
const OF_BYTES: ReadonlySet<string> = new Set([
  "accept-ranges",
  "content-digest",
  "content-length",
  "content-md5",
  "digest",
  "repr-digest",
]);

/** Whether a field, or a trailer field, is true of the bytes as they were alone. */
export function isOfBytes({ lower }: FieldName): boolean {
  return OF_BYTES.has(lower);
}

/** Whether there is a `Cache-Control: no-transform`, in an answer (RFC 9111 §5.2.2.6) or a request (§5.2.1.6). */
export function refusesTransform(fields: Fields): boolean {
  const control = fields.get("cache-control");
  return control !== undefined && listMembers(control).includes("no-transform");
}

/** Whether the content has a coding already, or is a part of one that is whole. */
export function isCoded(fields: Fields): boolean {
  const coding = fields.get("content-encoding");
  return (coding !== undefined && coding.toLowerCase() !== "identity") || fields.has("content-range");
}

/** Makes `fields` those of the same content in `coding`. */
export function describeCoded(fields: Fields, coding: string): void {
  fields.removeWhere((kind) => OF_BYTES.has(kind.lower) || kind.lower === "content-encoding");
  fields.append("Content-Encoding", coding);
  weakenTags(fields);
}

/**
 * Makes strong entity tags weak: the bytes are others than those that the server has given the tag to (RFC 9110 §8.8.1).
 */
export function weakenTags(fields: Fields): void {
  for (let line = 0; line < fields.size; line++) {
    if (fields.kinds[line]!.lower !== "etag") continue;
    const tag = fields.value(line);
    if (!tag.startsWith("W/")) fields.setValue(line, `W/${tag}`);
  }
}

/** Whether a client's If-None-Match names the strong tag of `answer` as we have made it weak. */
export function knowsAsWeak(request: Fields, answer: Fields): boolean {
  const tag = answer.get("etag");
  return tag !== undefined && tag.startsWith('"') &&
    request.get("if-none-match")?.includes(`W/${tag}`) === true;
}
