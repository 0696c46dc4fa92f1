import { ProxyError } from "../base/errors.ts";
import { climbs, pathOf, queryOf } from "../http/path.ts";

/** How the target of a request is changed on its way to a server. */
export interface TargetEdits {
  readonly stripPrefix?: string | undefined;
  /** Stands in place of the path; may have a query. */
  readonly replacePath?: string | undefined;
  readonly rewritePath?: { readonly pattern: string; readonly replacement: string } | undefined;
  readonly addPrefix?: string | undefined;
  /** Whether the client's query goes on; yes where nothing is said. */
  readonly forwardQuery?: boolean;
}

/**
 * A function that changes a target, or undefined where there is nothing to do. The path is not decoded, so that what
 * is escaped stays escaped; the result is a path again, whatever was taken away.
 */
export function compileTarget(edits: TargetEdits): ((target: string) => string) | undefined {
  const steps: ((path: string) => string)[] = [];
  const { stripPrefix, replacePath, rewritePath, addPrefix, forwardQuery = true } = edits;
  if (stripPrefix !== undefined && stripPrefix !== "/") {
    steps.push((path) => strippedOf(path, stripPrefix) ?? path);
  }
  if (replacePath !== undefined) steps.push(() => pathOf(replacePath));
  if (rewritePath !== undefined) {
    const pattern = new RegExp(rewritePath.pattern);
    steps.push((path) => asPath(path.replace(pattern, rewritePath.replacement)));
  }
  if (addPrefix !== undefined && addPrefix !== "/") {
    const front = addPrefix.replace(/\/$/, "");
    steps.push((path) => {
      if (climbs(path)) throw leavesFolder(`add_prefix ${JSON.stringify(addPrefix)}`);
      return front + path;
    });
  }
  if (steps.length === 0 && forwardQuery) return undefined;
  const ownQuery = replacePath === undefined ? "" : queryOf(replacePath);
  return (target) => {
    if (!target.startsWith("/")) return target; // OPTIONS * is about no path
    const path = steps.reduce((path, step) => step(path), pathOf(target));
    const query = [ownQuery, forwardQuery ? queryOf(target) : ""].filter((part) => part !== "").join("&");
    const at = path.indexOf("?"); // what a rewrite put there
    if (query === "") return path;
    return at === -1 ? `${path}?${query}` : `${path}&${query}`;
  };
}

/** The error for a path that leaves the folder that the config puts it under. */
export function leavesFolder(folder: string): ProxyError {
  return new ProxyError("bad_request", `The path leaves ${folder} by dot segments`);
}

/** A function that tells what is taken off the front of a target, without its last slash; undefined for nothing. */
export function compilePrefix(
  { stripPrefix }: TargetEdits,
): ((target: string) => string | undefined) | undefined {
  if (stripPrefix === undefined || stripPrefix === "/") return undefined;
  const prefix = stripPrefix.replace(/\/$/, "");
  return (target) => strippedOf(target, stripPrefix) === undefined ? undefined : prefix;
}

/**
 * What is left of `path` without `prefix`, or undefined where it does not have it. `/api` is taken from `/api` and
 * `/api/x`, not from `/apix`; `/api/` only from what is below it.
 */
export function strippedOf(path: string, prefix: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const rest = path.slice(prefix.length);
  return prefix.endsWith("/") || /^(?:$|[/?])/.test(rest) ? asPath(rest) : undefined;
}

/** One slash in front: two would make the next segment a host to whoever reads the path as a reference (RFC 3986 §4.2). */
function asPath(rest: string): string {
  return rest.startsWith("/") ? rest.replace(/^[/\\]+/, "/") : `/${rest}`;
}
