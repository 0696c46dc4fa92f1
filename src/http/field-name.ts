import { copyOf } from "./copied-text.ts";

/** What a field means to the proxy itself; 0 for the many that only pass through. */
export const ROLE = {
  none: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  expect: 5,
  upgrade: 6,
  forwardedFor: 7,
  forwardedProto: 8,
  date: 9,
  keepAlive: 10,
  forwardedHost: 11,
  /** Any other X-Forwarded field, such as -Prefix and -Port. */
  forwardedOther: 12,
  /** Forwarded (RFC 7239). */
  forwarded: 13,
  realIp: 14,
  requestId: 15,
  via: 16,
  /** Names an address of what is answered: Location, Content-Location, Refresh. */
  location: 17,
  setCookie: 18,
  maxForwards: 19,
  cdnLoop: 20,
  te: 21,
  trailer: 22,
  contentType: 23,
  traceparent: 24,
  tracestate: 25,
  /** Of a request: what decides whether a kept answer serves it, or whether another path or method is meant. */
  caching: 26,
} as const;

export type Role = (typeof ROLE)[keyof typeof ROLE];

/** What is known of a field name, worked out once for each spelling. */
export interface FieldName {
  readonly lower: string;
  readonly role: Role;
  /** Whether the field is for one connection only and never forwarded (RFC 9110 §7.6.1). */
  readonly hopByHop: boolean;
  /**
   * Whether the name holds anything but letters, digits and `-`. CGI and its kin turn such characters and `-` alike
   * into `_`, so that `X_Forwarded_For` passes for `X-Forwarded-For`.
   */
  readonly alias: boolean;
  /** All of that as bits, so that a message knows at once what it does not hold. */
  readonly bits: number;
}

/** Bit of a field that is for one connection only; the bits of roles are `1 << role`. */
export const HOP_BY_HOP_BIT = 1 << 29;
/** Bit of a name that passes for another. */
export const ALIAS_BIT = 1 << 30;

const ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  ["host", ROLE.host],
  ["content-length", ROLE.contentLength],
  ["transfer-encoding", ROLE.transferEncoding],
  ["connection", ROLE.connection],
  ["expect", ROLE.expect],
  ["upgrade", ROLE.upgrade],
  ["x-forwarded-for", ROLE.forwardedFor],
  ["x-forwarded-proto", ROLE.forwardedProto],
  ["x-forwarded-host", ROLE.forwardedHost],
  ["forwarded", ROLE.forwarded],
  ["x-real-ip", ROLE.realIp],
  ["x-request-id", ROLE.requestId],
  ["via", ROLE.via],
  ["max-forwards", ROLE.maxForwards],
  ["cdn-loop", ROLE.cdnLoop],
  ["te", ROLE.te],
  ["trailer", ROLE.trailer],
  ["traceparent", ROLE.traceparent],
  ["tracestate", ROLE.tracestate],
  ["date", ROLE.date],
  ["keep-alive", ROLE.keepAlive],
  ["location", ROLE.location],
  ["content-location", ROLE.location],
  ["refresh", ROLE.location],
  ["set-cookie", ROLE.setCookie],
  ["content-type", ROLE.contentType],
  ["cache-control", ROLE.caching],
  ["pragma", ROLE.caching],
  ["authorization", ROLE.caching],
  ["range", ROLE.caching],
  ["if-range", ROLE.caching],
  ["if-none-match", ROLE.caching],
  ["if-modified-since", ROLE.caching],
  ["if-match", ROLE.caching],
  ["if-unmodified-since", ROLE.caching],
  ["x-original-url", ROLE.caching],
  ["x-rewrite-url", ROLE.caching],
  ["x-original-host", ROLE.caching],
  ["x-host", ROLE.caching],
  ["x-http-method", ROLE.caching],
  ["x-http-method-override", ROLE.caching],
  ["x-method-override", ROLE.caching],
]);

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Names that the proxy or nearly every message knows, in lower case. */
export const WELL_KNOWN_NAMES: readonly string[] = [
  ...ROLES.keys(),
  ...HOP_BY_HOP,
  ...("accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials " +
    "access-control-allow-origin age allow alt-svc authorization cache-control content-disposition " +
    "content-encoding content-language content-range content-security-policy content-type cookie dnt etag " +
    "expires from if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link " +
    "origin pragma priority range referer referrer-policy retry-after sec-ch-ua sec-ch-ua-mobile " +
    "sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-websocket-accept " +
    "sec-websocket-extensions sec-websocket-key sec-websocket-protocol sec-websocket-version server " +
    "server-timing strict-transport-security upgrade-insecure-requests user-agent " +
    "vary www-authenticate x-content-type-options x-frame-options x-powered-by x-requested-with").split(" "),
];

/** Spellings remembered at most. Clients choose the names, so the table must not grow with traffic. */
const MAX_SPELLINGS = 2048;
const spellings = new Map<string, FieldName>();

/** What is known of the field called `name`, in any case. */
export function fieldName(name: string): FieldName {
  const known = spellings.get(name);
  if (known !== undefined) return known;
  const remember = spellings.size < MAX_SPELLINGS && name.length <= 64;
  const spelling = remember ? copyOf(name) : name;
  const lower = spelling.toLowerCase();
  const role = ROLES.get(lower) ?? (lower.startsWith("x-forwarded-") ? ROLE.forwardedOther : ROLE.none);
  const hopByHop = HOP_BY_HOP.has(lower);
  const alias = !/^[a-z0-9-]+$/.test(lower);
  const bits = (1 << role) | (hopByHop ? HOP_BY_HOP_BIT : 0) | (alias ? ALIAS_BIT : 0);
  const made = { lower, role, hopByHop, alias, bits };
  if (remember) spellings.set(spelling, made);
  return made;
}
