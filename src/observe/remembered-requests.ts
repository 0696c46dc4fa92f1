import { queryValues } from "../http/query.ts";
import { pathOf } from "../http/path.ts";
import type { Exchange } from "../message/exchange.ts";
import { MASK } from "./logged-headers.ts";

/** A request with a longer target, host or asked header is not remembered: so many times that is all that is kept. */
const MAX_TEXT = 512;
const NOTHING: readonly (readonly [string, string])[] = [];

/** What is kept of requests beside method, host, path and client. */
export interface KeptParts {
  readonly frontend: string;
  /** Headers, in lower case. */
  readonly headers: readonly string[];
  /** Those of them whose value is not kept. */
  readonly secret: ReadonlySet<string>;
  /** Parameters of the query. */
  readonly query: ReadonlySet<string>;
}

/** A request as it came, as far as its way depends on it. */
export interface RememberedRequest {
  readonly frontend: string;
  readonly method: string;
  /** With the parameters of the query that somebody asks for. */
  readonly target: string;
  readonly host: string;
  /** Address of the connection, and of the client behind it; empty for a unix socket. */
  readonly peer: string;
  readonly client: string;
  readonly bodyBytes: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Places of one request: parts, method, target, host, peer, client, headers, bytes of its body. */
const PLACES = 8;
type Kept = KeptParts | string | number | RememberedRequest["headers"] | undefined;

/**
 * The last requests, so that a new config can be tried on them. Its places are made at once: a request that is over costs
 * some references to texts that are there already, side by side.
 */
export class RememberedRequests {
  readonly size: number;
  readonly #kept: Kept[];
  /** Where the next one goes, which is where the oldest is. */
  #next = 0;

  /** `size` is how many are kept; those that `before` has are taken over, as far as there is room. */
  constructor(size: number, before?: RememberedRequests) {
    this.size = size;
    this.#kept = new Array(size * PLACES).fill(undefined);
    if (before !== undefined) this.#takeOver(before);
  }

  /** Keeps what `parts` says of an exchange that is over. */
  note(exchange: Exchange, parts: KeptParts): void {
    const { method, target, authority, fields } = exchange;
    if (method === "" || target.length > MAX_TEXT || authority.length > MAX_TEXT) return;
    let headers = NOTHING;
    if (parts.headers.length > 0 && fields !== undefined) {
      const found = headersOf(exchange, parts);
      if (found === undefined) return;
      headers = found;
    }
    const kept = this.#kept;
    const at = this.#next;
    this.#next = at + PLACES === kept.length ? 0 : at + PLACES;
    kept[at] = parts;
    kept[at + 1] = method;
    kept[at + 2] = target.includes("?") ? withAsked(target, parts.query) : target;
    kept[at + 3] = authority;
    kept[at + 4] = exchange.peer.address;
    kept[at + 5] = exchange.client;
    kept[at + 6] = headers;
    // What went through a tunnel is no body.
    kept[at + 7] = method === "CONNECT" || exchange.status === 101 ? 0 : exchange.bytesIn;
  }

  /** The oldest first. */
  *list(): Generator<RememberedRequest, void, void> {
    for (const at of this.#places()) {
      const [parts, method, target, host, peer, client, headers, bodyBytes] = this.#kept.slice(
        at,
        at + PLACES,
      );
      const { frontend } = parts as KeptParts;
      yield { frontend, method, target, host, peer, client, headers, bodyBytes } as RememberedRequest;
    }
  }

  *#places(): Generator<number, void, void> {
    const { length } = this.#kept;
    for (let i = 0; i < length; i += PLACES) {
      const at = (this.#next + i) % length;
      if (this.#kept[at] !== undefined) yield at;
    }
  }

  #takeOver(before: RememberedRequests): void {
    for (const from of before.#places()) {
      for (let i = 0; i < PLACES; i++) this.#kept[this.#next + i] = before.#kept[from + i];
      this.#next = (this.#next + PLACES) % this.#kept.length;
    }
  }
}

/** Undefined where one of them is too long. */
function headersOf(
  { fields }: Exchange,
  { headers, secret }: KeptParts,
): RememberedRequest["headers"] | undefined {
  let found: (readonly [string, string])[] | undefined;
  for (const name of headers) {
    const value = fields!.get(name);
    if (value === undefined) continue;
    if (value.length > MAX_TEXT) return undefined;
    (found ??= []).push([name, secret.has(name) ? MASK : value]);
  }
  return found ?? NOTHING;
}

/** The path, and of the query only what is asked for. */
function withAsked(target: string, names: ReadonlySet<string>): string {
  const path = pathOf(target);
  if (names.size === 0) return path;
  const pairs: string[] = [];
  for (const [name, values] of queryValues(target, names)) {
    for (const value of values) pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  }
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
}
