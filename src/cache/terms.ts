import type { Fields } from "../http/fields.ts";
import { parseHttpDate } from "../http/date.ts";
import { listMembers } from "../http/list.ts";
import { type Directives, parseDirectives } from "./directives.ts";
import { targetedDirectives } from "./targeted.ts";

/** Statuses that may be kept by heuristics, and for a time of the operator's (RFC 9110 §15.1). */
const HEURISTIC: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** Statuses of which is known what they mean for a cache, which `must-understand` asks for (RFC 9111 §5.2.2.3). */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  ...HEURISTIC,
  ...[201, 202, 302, 303, 307, 400, 401, 403, 406, 408, 409, 411, 413, 415, 421, 422, 429, 431, 451],
  ...[500, 502, 503, 504],
]);
const MAX_HEURISTIC_MS = 24 * 3600 * 1000;

/** What an operator says about answers. */
export interface TermRules {
  /** Time that an answer is fresh which says nothing of it, in ms; undefined for none. */
  readonly defaultTtl?: number | undefined;
  /** Share of the time since its last change that it is fresh then; 0 for none. */
  readonly heuristic: number;
  /** Whether answers that set cookies are kept, and sent to others. */
  readonly keepsSetCookie: boolean;
  /** In place of what an answer does not say, in ms. */
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  /** Names, in lower case, of fields that hold in place of Cache-Control. */
  readonly targets: readonly string[];
  /** Names, in lower case, of fields by which servers are told of the client, whatever it sends itself. */
  readonly told: ReadonlySet<string>;
}

/** An answer, and when it was asked for and came, in ms since 1970. */
export interface JudgedAnswer {
  readonly status: number;
  readonly fields: Fields;
  readonly requestedAt: number;
  readonly receivedAt: number;
  /** Whether its request had credentials. */
  readonly authorized: boolean;
}

/** For how long an answer that may be kept is good. Times are in ms. */
export interface Terms {
  /** How long it is fresh, from its making on. */
  readonly lifetime: number;
  /** How old it was when it came; Infinity where that cannot be told. */
  readonly age: number;
  /** Whether its server is asked before each use. */
  readonly asksFirst: boolean;
  /** Whether a client's wish is not enough to get it when it is stale. */
  readonly neverStale: boolean;
  /** How long it may be used after that while it is asked for anew, and where that fails. */
  readonly whileRevalidate: number;
  readonly ifError: number;
}

/** On which terms a shared cache may keep an answer to GET (RFC 9111 §3); undefined where it may not. */
export function termsOf(answer: JudgedAnswer, rules: TermRules): Terms | undefined {
  const { status, fields, authorized } = answer;
  if (status < 200 || status === 206 || status === 304) return undefined;
  const targeted = targetedDirectives(fields, rules.targets);
  const directives = targeted ?? parseDirectives(fields.get("cache-control"));
  if (directives.has("must-understand")) {
    if (!UNDERSTOOD.has(status)) return undefined;
  } else if (directives.has("no-store")) return undefined;
  if (directives.has("private")) return undefined;
  if (authorized && !SHARED_ANYWAY.some((name) => directives.has(name))) return undefined; // RFC 9111 §3.5
  if (fields.has("set-cookie") && !rules.keepsSetCookie) return undefined;
  if (variesByMore(fields, rules.told)) return undefined;
  const explicit = explicitLifetime(answer, directives, targeted !== undefined);
  const mayGuess = HEURISTIC.has(status) || directives.has("public");
  if (explicit === undefined && !mayGuess) return undefined;
  const asksFirst = directives.has("no-cache");
  const mustAsk = asksFirst || directives.has("must-revalidate") || directives.has("proxy-revalidate");
  // RFC 9111 §5.2.2.10: s-maxage is proxy-revalidate as well, unless the same answer allows more itself.
  const sharedOnly = directives.has("s-maxage");
  const staleTime = (name: string, own: number) =>
    mustAsk ? 0 : directives.ms(name) ?? (sharedOnly ? 0 : own);
  const terms: Terms = {
    lifetime: asksFirst ? 0 : explicit ?? rules.defaultTtl ?? guessed(answer, rules.heuristic),
    age: ageOf(answer),
    asksFirst,
    neverStale: mustAsk || sharedOnly,
    whileRevalidate: staleTime("stale-while-revalidate", rules.staleWhileRevalidate),
    ifError: staleTime("stale-if-error", rules.staleIfError),
  };
  const { lifetime, age, whileRevalidate, ifError } = terms;
  const isOfUse = lifetime + Math.max(whileRevalidate, ifError) > age || hasValidator(fields);
  return isOfUse ? terms : undefined;
}

/** Whether it depends on more than what clients send: on anything, or on what servers are told of them. */
function variesByMore(fields: Fields, told: ReadonlySet<string>): boolean {
  const vary = fields.get("vary");
  return vary !== undefined &&
    (vary.includes("*") || listMembers(vary).some((name) => told.has(name)));
}

/** What lets an answer to a request with credentials be kept for others. */
const SHARED_ANYWAY = ["public", "must-revalidate", "s-maxage"];

/** Whether an answer can be asked for on condition. */
function hasValidator(fields: Fields): boolean {
  return fields.has("etag") || fields.has("last-modified");
}

/** RFC 9111 §4.2.1, for a shared cache. */
function explicitLifetime(
  { fields, receivedAt }: JudgedAnswer,
  directives: Directives,
  isTargeted: boolean,
): number | undefined {
  const said = directives.ms("s-maxage") ?? directives.ms("max-age");
  if (said !== undefined || isTargeted) return said;
  const expires = fields.get("expires");
  if (expires === undefined) return undefined;
  const at = parseHttpDate(expires, receivedAt);
  return at === undefined ? 0 : Math.max(0, at - dateOf(fields, receivedAt));
}

function guessed({ fields, receivedAt }: JudgedAnswer, share: number): number {
  const changed = fields.get("last-modified");
  const at = share === 0 || changed === undefined ? undefined : parseHttpDate(changed, receivedAt);
  return at === undefined
    ? 0
    : Math.min(MAX_HEURISTIC_MS, Math.max(0, dateOf(fields, receivedAt) - at) * share);
}

/**
 * RFC 9111 §4.2.3: corrected_initial_age. An Age that is no number, or stands there twice, may mean anything, so the answer
 * counts as stale; §5.1 would have a cache ignore the one, and believe the first of the other.
 */
function ageOf({ fields, requestedAt, receivedAt }: JudgedAnswer): number {
  const written = fields.get("age") ?? "0";
  if (!/^\d+$/.test(written)) return Infinity;
  const apparent = Math.max(0, receivedAt - dateOf(fields, receivedAt));
  return Math.max(apparent, Number(written) * 1000 + Math.max(0, receivedAt - requestedAt));
}

function dateOf(fields: Fields, receivedAt: number): number {
  const date = fields.get("date");
  return (date === undefined ? undefined : parseHttpDate(date, receivedAt)) ?? receivedAt;
}
