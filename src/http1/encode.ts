import { type FieldName, fieldName, ROLE } from "../http/field-name.ts";
import { trimBlanks } from "../http/list.ts";
import type { Fields } from "../http/fields.ts";
import { nominatedNames } from "../http/hop-by-hop.ts";

export type DropsField = (kind: FieldName) => boolean;

/** The last chunk and the trailer section (RFC 9112 §7.1), with the fields that may stand there and that `drops` leaves. */
export function lastChunk(trailers: Fields | undefined, drops?: DropsField): string {
  if (trailers === undefined) return "0\r\n\r\n";
  let text = "0\r\n";
  for (let i = 0; i < trailers.size; i++) {
    const kind = trailers.kinds[i]!;
    if (isForbiddenTrailer(kind) || drops?.(kind) === true) continue;
    text += fieldLine(trailers.name(i), trailers.value(i));
  }
  return text + "\r\n";
}

/**
 * The value of a Trailer field (RFC 9110 §6.6.2) that names only what `lastChunk` sends; undefined where that is nothing. As
 * it came, where all of it is sent.
 */
export function announcedTrailers(value: string, drops?: DropsField): string | undefined {
  const members = value.split(",").map(trimBlanks);
  const sent = members.filter((name) => {
    const kind = fieldName(name);
    return name !== "" && !isForbiddenTrailer(kind) && drops?.(kind) !== true;
  });
  if (sent.length === members.length) return value;
  return sent.length === 0 ? undefined : sent.join(", ");
}

/** The line before `length` bytes of chunk data. */
export function chunkSizeLine(length: number): string {
  return length.toString(16) + "\r\n";
}

/** One field line. */
export function fieldLine(name: string, value: string): string {
  return name + ": " + value + "\r\n";
}

/** The head of an interim answer (RFC 9110 §15.2), which has no body. */
export function informationalHead(status: number, reason: string, fields: Fields | undefined): string {
  let text = "HTTP/1.1 " + status + " " + reason + "\r\n";
  if (fields !== undefined) {
    const nominated = nominatedNames(fields.connection);
    for (let i = 0; i < fields.size; i++) {
      const kind = fields.kinds[i]!;
      const { hopByHop, role, lower } = kind;
      if (hopByHop || role === ROLE.contentLength || role === ROLE.trailer || nominated?.has(lower)) continue;
      text += fieldLine(fields.name(i), fields.value(i));
    }
  }
  return text + "\r\n";
}

/** Fields that a trailer cannot carry: framing, routing, authentication and what tells how to read the content. */
const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "cdn-loop",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "max-forwards",
  "range",
  "set-cookie",
  "trailer",
  "via",
]);

/** RFC 9110 §6.5.1: a sender must not put fields in the trailers that a recipient needs before the content. */
function isForbiddenTrailer(kind: FieldName): boolean {
  return kind.hopByHop || FORBIDDEN_TRAILERS.has(kind.lower) ||
    kind.lower.startsWith("x-forwarded-");
}
