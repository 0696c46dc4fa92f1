import { Buffer } from "node:buffer";

/** What a path may hold and yet mean, to some server, another path than the one that is written. */
const ODD = /[%;\\\x80-\xff]|\/\/|\.(?:\/|$)/;
const ENCODED_SEPARATOR = /%(?:2f|5c|(?:25)*00)/i;
/** A NUL, also for who decodes more than once. */
const NUL = /%(?:25)*00/;
const BEYOND_ASCII = /[\x80-\xff]/;
const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i;

/** The path of a request target, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query === -1 ? target : target.slice(0, query);
}

/** The query of a request target, without its question mark; empty where there is none. */
export function queryOf(target: string): string {
  const query = target.indexOf("?");
  return query === -1 ? "" : target.slice(query + 1);
}

/**
 * The path that servers may take `path` for (RFC 3986 §6.2.2 and what is done beyond it): parameters (`;…`) gone, decoded once,
 * `\` as `/`, dots and blanks at the end of segments gone, empty and dot segments resolved. What is decoded is UTF-8; where it
 * is none, a character stands for each byte. For comparing alone: what goes on to a server stays as it came. Two paths that
 * this makes equal may still be different ones to a server that does less, or more.
 */
export function comparablePath(path: string): string {
  return ODD.test(path) ? "/" + resolved(path).join("/") : path;
}

/** Whether a server that resolves dot segments would leave the folder that `path` is put under. */
export function climbs(path: string): boolean {
  if (!ODD.test(path)) return false;
  let depth = 0;
  for (const segment of segmentsOf(path)) {
    if (segment === "..") depth--;
    else if (segment !== "." && segment !== "") depth++;
    if (depth < 0) return true;
  }
  return false;
}

/** The same for a server that resolves no dot segments. */
export function unresolvedPath(path: string): string {
  return ODD.test(path) ? "/" + segmentsOf(path).filter((segment) => segment !== "").join("/") : path;
}

/** The same for one that takes nothing for a slash but slashes, and knows no parameters. */
export function literalPath(path: string): string {
  if (!ODD.test(path)) return path;
  const escaped = path.replace(/%(?=2f|5c)/gi, "%25"); // decoded, they are as they were
  return "/" + escaped.split("/").filter((segment) => segment !== "").map(decoded).join("/");
}

/** Whether `path` has dot segments that only some servers take for such: escaped, with parameters, behind a backslash. */
export function hidesDots(path: string): boolean {
  return ODD.test(path) && countDots(segmentsOf(path)) !== countDots(path.split("/"));
}

function countDots(segments: readonly string[]): number {
  return segments.filter((segment) => segment === "." || segment === "..").length;
}

/** Whether some server may cut `path` off before its end: it holds a NUL. */
export function isCutOff(path: string): boolean {
  return NUL.test(path);
}

/** What makes `path` one that two servers may read in two ways, in words; undefined where nothing does. */
export function ambiguityOf(path: string): string | undefined {
  if (!ODD.test(path)) return undefined;
  if (path.includes("\\")) return "a backslash";
  if (path.includes("//")) return "an empty segment";
  if (ENCODED_SEPARATOR.test(path)) return "an encoded slash, backslash or NUL";
  if (BROKEN_ESCAPE.test(path) || !isUtf8(path)) return "an escape that stands for no character";
  if (path.includes(";")) return "parameters (;)";
  const written = writtenSegments(path);
  const segments = written.map(withoutEnd);
  if (segments.some((segment) => segment === "." || segment === "..")) return "a dot segment";
  if (segments.some((segment, i) => segment !== written[i])) return "a segment that ends in a dot or a blank";
  return BEYOND_ASCII.test(path) ? "a byte beyond ASCII" : undefined;
}

/** The segments after the first slash; the last one is empty where the path ends in one. */
function resolved(path: string): string[] {
  const kept: string[] = [];
  const segments = segmentsOf(path);
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== "." && segment !== "") kept.push(segment);
  }
  const last = segments.at(-1);
  if (kept.length > 0 && (last === "" || last === "." || last === "..")) kept.push("");
  return kept;
}

function segmentsOf(path: string): string[] {
  return writtenSegments(path).map(withoutEnd);
}

/** A segment as those see it that take dots and blanks off its end (Windows), or blanks alone (many frameworks). */
function withoutEnd(segment: string): string {
  let end = segment.length;
  while (end > 0 && isBlank(segment.charCodeAt(end - 1))) end--;
  const dots = segment.slice(0, end);
  if (dots === "." || dots === "..") return dots;
  while (end > 0 && (segment[end - 1] === "." || isBlank(segment.charCodeAt(end - 1)))) end--;
  return end === 0 ? segment : segment.slice(0, end);
}

function isBlank(code: number): boolean {
  return code <= 0x20 || code === 0x7f || code === 0x85 ||
    (code > 0x85 && /\s/.test(String.fromCharCode(code)));
}

function writtenSegments(path: string): string[] {
  // Parameters first: an encoded ";" begins none.
  return decoded(path.replace(/;[^/\\]*/g, "")).replaceAll("\\", "/").split("/");
}

function decoded(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2}|[\x80-\xff])+/gi, textOf);
}

/** What bytes say, of which some are escaped; a byte is the same byte either way. */
function textOf(written: string): string {
  let bytes = "";
  let ascii = true;
  for (let i = 0; i < written.length; i++) {
    let code = written.charCodeAt(i);
    if (code === 0x25) {
      code = parseInt(written.slice(i + 1, i + 3), 16);
      i += 2;
    }
    ascii &&= code < 0x80;
    bytes += String.fromCharCode(code);
  }
  if (ascii) return bytes;
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  return text.includes("\ufffd") ? bytes : text; // to throw and catch would take longer
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
