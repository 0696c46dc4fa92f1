import type { TargetEdits } from "./target.ts";
import { strippedOf } from "./target.ts";

/** Where a client finds what a server calls by another path. */
export interface ClientPath {
  /** `path` as the client has to ask for it; undefined where no path leads there. */
  of(path: string, place: PathPlace): string | undefined;
  /** The same for a cookie's Path, which covers what is below it: one above all that leads there covers all. */
  ofCookie(path: string, place: PathPlace): string | undefined;
}

/** What it depends on besides the route. */
export interface PathPlace {
  /** The client's own target. */
  readonly target: string;
  /** Path in front of every target of the server. */
  readonly basePath: string;
}

/**
 * The way back of `compileTarget`: what was put in front of the path is taken off, and what was taken off is put back,
 * where it was taken from this request and is not there already, as a server has it that knows X-Forwarded-Prefix.
 * There is no way back from a path that was replaced.
 */
export function compileClientPath(
  { stripPrefix, addPrefix, replacePath, rewritePath }: TargetEdits,
): ClientPath {
  const replaced = replacePath !== undefined || rewritePath !== undefined;
  const front = replaced || addPrefix === undefined ? "" : withoutSlash(addPrefix);
  const prefix = replaced || stripPrefix === undefined ? "" : withoutSlash(stripPrefix);
  const putBack = (path: string, target: string) => {
    if (prefix === "" || strippedOf(target, stripPrefix!) === undefined) return path;
    return below(path, prefix) === undefined ? prefix + path : path;
  };
  return {
    of(path, { target, basePath }) {
      const own = below(path, basePath + front);
      return own === undefined ? undefined : putBack(own, target);
    },
    ofCookie(path, { target, basePath }) {
      const own = below(path, basePath + front) ??
        (below(basePath + front, path) === undefined ? undefined : "/");
      if (own === undefined) return undefined;
      const back = putBack(own, target);
      return own === "/" && back !== own ? prefix : back; // `/api/` would not cover `/api`
    },
  };
}

/** The rest of `path` after `front`, which ends at a segment; undefined where it begins with something else. */
function below(path: string, front: string): string | undefined {
  if (front === "" || front === "/") return path;
  if (!path.startsWith(front)) return undefined;
  const rest = path.slice(front.length);
  if (rest === "" || rest.startsWith("/")) return rest || "/";
  return front.endsWith("/") ? `/${rest}` : /^[?#]/.test(rest) ? `/${rest}` : undefined;
}

function withoutSlash(prefix: string): string {
  return prefix.replace(/\/$/, "");
}
