import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { isLoopback } from "../http/localhost.ts";
import { hostForMatching } from "../http/authority.ts";
import type { Peer } from "../message/exchange.ts";
import { AdminRefusal } from "./route.ts";

/** Who may ask, and how the listener is called. */
export interface GuardRules {
  /** What every request is to show; undefined where the address alone keeps others out. */
  readonly token: string | undefined;
  /** Host of the bound address; undefined for a unix socket. */
  readonly host: string | undefined;
  /** Further names under which operators reach it. */
  readonly allowedHosts: readonly string[];
}

/** What the guard looks at. */
export interface Visitor {
  /** As in a Host field; empty where none was sent. */
  readonly authority: string;
  readonly headers: Headers;
  readonly peer: Peer | undefined;
}

/** Hosts of a bound address that stand for all of them. */
const ALL_ADDRESSES: ReadonlySet<string> = new Set(["", "0.0.0.0", "::"]);

const CHALLENGE = 'Bearer realm="sluice admin", Basic realm="sluice admin", charset="UTF-8"';

/**
 * Keeps out who has no token, and web pages of others: a page whose name was made to stand for this machine (DNS
 * rebinding) asks for a Host that is none of ours, and one that sends requests elsewhere (CSRF) says its Origin.
 */
export class Guard {
  readonly #token: Buffer | undefined;
  /** Whether all addresses of the machine are bound. */
  readonly #all: boolean;
  readonly #hosts: ReadonlySet<string>;

  constructor({ token, host, allowedHosts }: GuardRules) {
    this.#token = token === undefined ? undefined : digestOf(token);
    this.#all = host !== undefined && ALL_ADDRESSES.has(host);
    this.#hosts = new Set([...(host ? [bracketed(host)] : []), ...allowedHosts].map(hostForMatching));
  }

  /** Throws an `AdminRefusal` for whom must not be served. */
  check({ authority, headers, peer }: Visitor): void {
    if (peer?.unix !== true && !this.#isOurs(authority)) {
      throw new AdminRefusal(403, `Not served under the name ${JSON.stringify(authority.slice(0, 255))}`, {
        accepted: ["localhost", "the address that is bound", "a name in [admin] allowed_hosts"],
      });
    }
    const origin = headers.get("origin");
    if (origin !== null && !isSameOrigin(origin, authority)) {
      throw new AdminRefusal(403, "Not served to pages of other origins", { accepted: ["the same origin"] });
    }
    if (this.#token === undefined || this.#holdsToken(headers.get("authorization"))) return;
    throw new AdminRefusal(401, "Needs the token of [admin]", {
      accepted: ["Authorization: Bearer TOKEN", "Basic with the token as the password, and any user"],
      headers: { "WWW-Authenticate": CHALLENGE },
    });
  }

  /** A name can be made to stand for any address, but nobody else can have an address as the name of a page. */
  #isOurs(authority: string): boolean {
    if (authority === "") return true; // HTTP/1.0: no browser leaves Host out
    const host = hostForMatching(authority);
    const plain = host.replace(/^\[(.*)\]$/, "$1");
    return isLoopback(plain) || this.#hosts.has(host) || (this.#all && isIP(plain) !== 0);
  }

  #holdsToken(authorization: string | null): boolean {
    const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(authorization ?? "") ?? [];
    const shown = /^bearer$/i.test(scheme) ? value : /^basic$/i.test(scheme) ? passwordIn(value) : "";
    return timingSafeEqual(digestOf(shown), this.#token!); // digests: of equal length, and in no order that helps
  }
}

function passwordIn(credentials: string): string {
  const text = Buffer.from(credentials, "base64").toString("utf8");
  return text.slice(text.indexOf(":") + 1);
}

function isSameOrigin(origin: string, authority: string): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  // Whoever ends TLS in front makes it another scheme.
  return url !== undefined && /^https?:$/.test(url.protocol) && url.host === authority.toLowerCase();
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
