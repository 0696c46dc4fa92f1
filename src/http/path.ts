/** What a path may hold and yet mean, to some server, another path than the one that is written. */
const ODD = /[%;\\]|\/\/|\/\.\.?(?:\/|$)/;
const ENCODED_SEPARATOR = /%(?:2f|5c|00)/i;
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
 * `\` as `/`, empty and dot segments resolved. What is decoded is UTF-8; where it is none, a character stands for each
 * byte. For comparing alone: what goes on to a server stays as it came. Two paths that this makes equal may still be
 * different ones to a server that does less, or more.
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

/** What makes `path` one that two servers may read in two ways, in words; undefined where nothing does. */
export function ambiguityOf(path: string): string | undefined {
  if (!ODD.test(path)) return undefined;
  if (path.includes("\\")) return "a backslash";
  if (path.includes("//")) return "an empty segment";
  if (ENCODED_SEPARATOR.test(path)) return "an encoded slash, backslash or NUL";
  if (BROKEN_ESCAPE.test(path) || !isUtf8(path)) return "an escape that stands for no character";
  if (path.includes(";")) return "parameters (;)";
  return segmentsOf(path).some((segment) => segment === "." || segment === "..")
    ? "a dot segment"
    : undefined;
}

/** The segments behind the first slash; the last one is empty where the path ends in one. */
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
  // Parameters first: an encoded ";" begins none.
  return decoded(path.replace(/;[^/\\]*/g, "")).replaceAll("\\", "/").split("/");
}

function decoded(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes.replace(/%(..)/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
    }
  });
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
