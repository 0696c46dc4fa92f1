import { ProxyError } from "../base/errors.ts";
import { ambiguityOf, comparablePath, isCutOff, pathOf } from "../http/path.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";

/** How the paths that rules and routes compare are read. */
export interface PathReader {
  /** The path of a request, without its query. */
  readonly ofRequest: (request: IncomingRequest) => string;
  /** A path of the config, brought to the same form. */
  readonly ofConfig: (path: string) => string;
  /** The same for the first letters of paths, which need not end at a segment. */
  readonly ofPrefix: (prefix: string) => string;
  /** Throws a ProxyError where the path of a request may be read in two ways, if such are not served. */
  readonly check?: (request: IncomingRequest) => void;
}

/** Reads paths as `normalize` of a frontend says. */
export function pathReader(normalize: "off" | "match" | "refuse"): PathReader {
  if (normalize === "off") {
    return { ofRequest: ({ target }) => pathOf(target), ofConfig: asWritten, ofPrefix: asWritten };
  }
  return {
    ofRequest: readComparable,
    ofConfig: comparablePath,
    ofPrefix: comparablePrefix,
    check: normalize === "match" ? refuseCutOff : refuseAmbiguous,
  };
}

function readComparable(request: IncomingRequest): string {
  return request.comparablePath;
}

function asWritten(path: string): string {
  return path;
}

/** Dots at the end of a prefix are none at the end of the paths that it takes. */
function comparablePrefix(prefix: string): string {
  const [, front = "", dots = ""] = /^(.*[^/.])(\.*)$/s.exec(prefix) ?? [];
  return front === "" ? comparablePath(prefix) : comparablePath(front) + dots;
}

function refuseCutOff({ target }: IncomingRequest): void {
  if (target.includes("%") && isCutOff(pathOf(target))) {
    throw new ProxyError("bad_request", "The path may be cut off: it holds a NUL");
  }
}

function refuseAmbiguous({ target }: IncomingRequest): void {
  const why = ambiguityOf(pathOf(target));
  if (why !== undefined) throw new ProxyError("bad_request", `The path may be read in two ways: ${why}`);
}
