import { ProxyError } from "../base/errors.ts";
import { ambiguityOf, comparablePath, pathOf } from "../http/path.ts";
import type { IncomingRequest } from "../message/request.ts";

/** How the paths that rules and routes compare are read. */
export interface PathReader {
  /** The path of a request, without its query. */
  readonly ofRequest: (request: IncomingRequest) => string;
  /** A path of the config, brought to the same form. */
  readonly ofConfig: (path: string) => string;
  /** Throws a ProxyError where the path of a request may be read in two ways, if such are not served. */
  readonly check?: (request: IncomingRequest) => void;
}

/** Reads paths as `normalize` of a frontend says. */
export function pathReader(normalize: "off" | "match" | "refuse"): PathReader {
  if (normalize === "off") return { ofRequest: ({ target }) => pathOf(target), ofConfig: (path) => path };
  const comparing = { ofRequest: readComparable, ofConfig: comparablePath };
  return normalize === "match" ? comparing : { ...comparing, check: refuseAmbiguous };
}

function readComparable(request: IncomingRequest): string {
  return request.comparablePath;
}

function refuseAmbiguous({ target }: IncomingRequest): void {
  const why = ambiguityOf(pathOf(target));
  if (why !== undefined) throw new ProxyError("bad_request", `The path may be read in two ways: ${why}`);
}
