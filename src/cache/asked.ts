import { ROLE } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import { nominatedNames } from "../http/hop-by-hop.ts";
import { parseDirectives } from "./directives.ts";

/** What a GET or HEAD says of how it may be answered. Times are in ms. */
export interface Asked {
  /** Whether its answer is not to be kept. */
  readonly noStore: boolean;
  /** Whether a kept answer is good only after its server was asked. */
  readonly noCache: boolean;
  readonly onlyIfCached: boolean;
  /** The oldest answer that is good; undefined for any. */
  readonly maxAge: number | undefined;
  /** How much longer it has to be fresh. */
  readonly minFresh: number;
  /** How long ago it may have become stale. */
  readonly maxStale: number;
  /** Whether it has credentials. */
  readonly authorized: boolean;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  /** Whether it is meant for servers alone: it has conditions of writers, or names another path, host or method than it has. */
  readonly isForServer: boolean;
}

/** What nearly every request asks for: anything that is good. */
export const ANYTHING: Asked = {
  noStore: false,
  noCache: false,
  onlyIfCached: false,
  maxAge: undefined,
  minFresh: 0,
  maxStale: 0,
  authorized: false,
  ifNoneMatch: undefined,
  ifModifiedSince: undefined,
  range: undefined,
  ifRange: undefined,
  isForServer: false,
};

/** Whether that its answer may not be kept says nothing of the answers to others. */
export function isOnlyIts({ noStore, authorized }: Asked): boolean {
  return noStore || authorized;
}

/**
 * Fields by which frameworks take a request for another one than its first line and Host say. A server that believes them
 * would fill the cache with the wrong answer.
 */
const MISLEADING =
  /^x-(?:original-url|rewrite-url|original-host|host|http-method|http-method-override|method-override)$/;

/** Reads it; where `heedsClients` is false, what they say of freshness does not count (RFC 9111 §5.2.1 lets a cache do so). */
export function readAsked(fields: Fields, heedsClients: boolean): Asked {
  if (!fields.mayHave(ROLE.caching)) return fields.mayHaveAlias ? ofAliases(fields) : ANYTHING;
  const control = fields.get("cache-control");
  const directives = parseDirectives(heedsClients ? control : undefined);
  // RFC 9111 §5.4: Pragma counts where there is no Cache-Control.
  const pragma = heedsClients && control === undefined ? fields.get("pragma") : undefined;
  return {
    noStore: parseDirectives(control).has("no-store"),
    noCache: directives.has("no-cache") || parseDirectives(pragma).has("no-cache"),
    onlyIfCached: directives.has("only-if-cached"),
    maxAge: directives.ms("max-age"),
    minFresh: directives.ms("min-fresh") ?? 0,
    maxStale: directives.msOrEver("max-stale") ?? 0,
    authorized: fields.has("authorization"),
    ifNoneMatch: fields.get("if-none-match"),
    ifModifiedSince: fields.get("if-modified-since"),
    range: fields.get("range"),
    ifRange: fields.get("if-range"),
    isForServer: fields.has("if-match") || fields.has("if-unmodified-since") || misleads(fields),
  };
}

/**
 * Whether the client has its Connection take out fields that it sends itself (RFC 9110 §7.6.1): the server does not see them,
 * so that its answer is not for those who send the same and mean it.
 */
export function hidesFields(fields: Fields): boolean {
  if (!fields.mayHaveHopByHop) return false;
  const hidden = nominatedNames(fields.connection);
  return hidden !== undefined &&
    fields.kinds.some(({ hopByHop, lower }) => !hopByHop && hidden.has(lower));
}

function misleads(fields: Fields): boolean {
  return fields.kinds.some(({ lower, role }) => role === ROLE.caching && MISLEADING.test(lower)) ||
    (fields.mayHaveAlias && misleadsByAlias(fields));
}

/** Names such as `X_Forwarded_Host`, which a frontend may pass on, and programs behind it take for the real ones. */
function misleadsByAlias(fields: Fields): boolean {
  return fields.kinds.some(({ alias, lower }) => {
    const name = alias ? lower.replace(/[^a-z0-9]/g, "-") : "";
    return name.startsWith("x-forwarded-") || name === "forwarded" || MISLEADING.test(name);
  });
}

function ofAliases(fields: Fields): Asked {
  return misleadsByAlias(fields) ? { ...ANYTHING, isForServer: true } : ANYTHING;
}
