import { createHmac, randomBytes } from "node:crypto";
import type { StickyConfig } from "../config/sections/sticky.ts";
import { cookieValues } from "../http/cookie.ts";
import type { Fields } from "../http/fields.ts";
import type { Server } from "./server.ts";

/** Characters of a cookie's value, 6 bits each: more than anybody can guess. */
const VALUE_LENGTH = 24;

/** Signs cookies where the config has no secret: the same through every reload, another in every process. */
const PROCESS_SECRET = randomBytes(32);

/**
 * Which server a client stays with. The value of the cookie is an HMAC-SHA256 of backend and server: it tells nobody
 * which server it means, and nobody without the secret can make one. It stays the same while the server's URL does.
 */
export class Stickiness {
  readonly #config: StickyConfig;
  readonly #cookie: string;
  readonly #names: ReadonlySet<string>;
  readonly #backend: string;
  /** Servers by value, and values by server. */
  #servers = new Map<string, Server>();
  #values = new Map<Server, string>();

  constructor(config: StickyConfig, backend: string) {
    this.#config = config;
    this.#cookie = config.cookie ?? `sluice_${backend}`;
    this.#names = new Set([this.#cookie]);
    this.#backend = backend;
  }

  /** Names the servers there are. */
  update(servers: readonly Server[]): void {
    this.#values = new Map(servers.map((server) => [server, this.#sign(server)]));
    this.#servers = new Map([...this.#values].map(([server, value]) => [value, server]));
  }

  /** The server that a request's cookie names; undefined where it names none that is there. */
  serverOf(fields: Fields): Server | undefined {
    const value = cookieValues(fields, this.#names).get(this.#cookie)?.[0];
    return value === undefined ? undefined : this.#servers.get(value);
  }

  /** The Set-Cookie field that makes a client stay with `server` (RFC 6265 §4.1); `https` says how the client came. */
  cookieFor(server: Server, https: boolean): string {
    const { maxAge, path, domain, sameSite, secure, httpOnly } = this.#config;
    const value = this.#values.get(server) ?? this.#sign(server); // one that left may still answer
    return `${this.#cookie}=${value}; Path=${path}` +
      (domain === undefined ? "" : `; Domain=${domain}`) +
      (maxAge === 0 ? "" : `; Max-Age=${Math.max(1, Math.floor(maxAge / 1000))}`) +
      (httpOnly ? "; HttpOnly" : "") +
      (secure === "always" || (secure === "auto" && https) ? "; Secure" : "") +
      `; SameSite=${SAME_SITE[sameSite]}`;
  }

  #sign({ name }: Server): string {
    return createHmac("sha256", this.#config.secret ?? PROCESS_SECRET)
      .update(`${this.#backend}\0${name}`)
      .digest("base64url")
      .slice(0, VALUE_LENGTH);
  }
}

const SAME_SITE = { lax: "Lax", strict: "Strict", none: "None" } as const;
