import { copyOf } from "./copy.ts";

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
} as const;

/** One of the values of `ROLE`. */
export type Role = (typeof ROLE)[keyof typeof ROLE];

/** What is known of a field name, worked out once for each spelling. */
export interface FieldName {
  /** The name in lower case. */
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
const HOP_BY_HOP_BIT = 1 << 29;
const ALIAS_BIT = 1 << 30;

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
  ["date", ROLE.date],
  ["keep-alive", ROLE.keepAlive],
  ["location", ROLE.location],
  ["content-location", ROLE.location],
  ["refresh", ROLE.location],
  ["set-cookie", ROLE.setCookie],
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

/**
 * The header or trailer fields of one message as they came: order, case and repetitions are kept. Three
 * arrays side by side hold the name as written, the value, and what is known of the name.
 */
export class Fields {
  readonly names: string[] = [];
  readonly values: string[] = [];
  readonly kinds: FieldName[] = [];
  /** Bits of every line that was ever here. */
  #seen = 0;

  /** Number of field lines. */
  get size(): number {
    return this.names.length;
  }

  /** Adds a line at the end. */
  append(name: string, value: string): void {
    this.names.push(name);
    this.values.push(value);
    const kind = fieldName(name);
    this.kinds.push(kind);
    this.#seen |= kind.bits;
  }

  /** Whether there may be a line of `role`; false is certain. */
  mayHave(role: Role): boolean {
    return (this.#seen & (1 << role)) !== 0;
  }

  /** Whether there may be a field for one connection only; false is certain. */
  get mayHaveHopByHop(): boolean {
    return (this.#seen & HOP_BY_HOP_BIT) !== 0;
  }

  /** Whether there may be a name that passes for another; false is certain. */
  get mayHaveAlias(): boolean {
    return (this.#seen & ALIAS_BIT) !== 0;
  }

  /** All values of `lower` joined by a comma, as RFC 9110 §5.3 reads repeated lines; undefined where there is none. */
  get(lower: string): string | undefined {
    let found: string | undefined;
    for (let i = 0; i < this.kinds.length; i++) {
      if (this.kinds[i]!.lower !== lower) continue;
      found = found === undefined ? this.values[i]! : `${found}, ${this.values[i]!}`;
    }
    return found;
  }

  /** Whether a line of that name is there. */
  has(lower: string): boolean {
    return this.kinds.some((kind) => kind.lower === lower);
  }

  /** Removes the lines whose name `unwanted` says so of, in place. */
  removeWhere(unwanted: (kind: FieldName) => boolean): void {
    const { names, values, kinds } = this;
    let kept = 0;
    for (let i = 0; i < kinds.length; i++) {
      if (unwanted(kinds[i]!)) continue;
      if (kept !== i) {
        names[kept] = names[i]!;
        values[kept] = values[i]!;
        kinds[kept] = kinds[i]!;
      }
      kept++;
    }
    names.length = values.length = kinds.length = kept;
  }

  /** Puts what `change` makes of its value in place of it, in every line of `role`. */
  mapValues(role: Role, change: (value: string, kind: FieldName) => string): void {
    for (let i = 0; i < this.kinds.length; i++) {
      const kind = this.kinds[i]!;
      if (kind.role === role) this.values[i] = change(this.values[i]!, kind);
    }
  }

  /** A web-standard Headers of the same lines. Cookies are joined by `; `, as RFC 9113 §8.2.3 does. */
  toHeaders(): Headers {
    const headers = new Headers();
    let cookie: string | undefined;
    for (let i = 0; i < this.names.length; i++) {
      if (this.kinds[i]!.lower !== "cookie") headers.append(this.names[i]!, this.values[i]!);
      else cookie = cookie === undefined ? this.values[i]! : `${cookie}; ${this.values[i]!}`;
    }
    if (cookie !== undefined) headers.set("cookie", cookie);
    return headers;
  }

  /** The lines of `headers`; each Set-Cookie stays a line of its own. */
  static from(headers: Headers): Fields {
    const fields = new Fields();
    for (const [name, value] of headers) fields.append(name, value);
    return fields;
  }
}

/** The members of a comma-separated list, in lower case, empty ones left out (RFC 9110 §5.6.1). */
export function listMembers(value: string): string[] {
  return value.toLowerCase().split(",").map(trimBlanks).filter((member) => member !== "");
}

/** Whether a comma-separated list has more than `most` members, empty ones included; looks at no more than those. */
export function hasMoreMembers(list: string, most: number): boolean {
  let comma = -1;
  for (let members = 0; members < most; members++) {
    comma = list.indexOf(",", comma + 1);
    if (comma === -1) return false;
  }
  return true;
}

/**
 * `text` without the blanks and tabs around it (OWS, RFC 9110 §5.6.3). `trim` would take a no-break space away as
 * well, and find a name where others see none; a regular expression takes time that grows with the square.
 */
export function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
