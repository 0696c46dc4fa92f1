import { ProxyError } from "../base/errors.ts";
import type { IpSet } from "../http/ip.ts";
import { loopbackOf } from "../http/localhost.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Authenticator } from "../access/authenticator.ts";
import { parseCredentials } from "../access/credentials.ts";
import { literalAddress } from "./literal-address.ts";

/** Who may use a relay, and for what. */
export interface AccessRules {
  /** Addresses of clients that may use it. */
  readonly clients: IpSet;
  readonly allowsUnix: boolean;
  /** Who clients must prove to be; undefined where nobody asks. */
  readonly users: Authenticator | undefined;
  /** Ports that tunnels may lead to; undefined for all. */
  readonly connectPorts: ReadonlySet<number> | undefined;
  /** Whether a host is refused, whichever way it would be reached. */
  readonly denies: (host: string) => boolean;
  /** Whether an address may be reached without a parent. */
  readonly allowsAddress: (address: string) => boolean;
}

/** Checks requests of a relay. Each check throws a ProxyError where the answer is no. */
export class Access {
  readonly #rules: AccessRules;

  constructor(rules: AccessRules) {
    this.#rules = rules;
  }

  /** `access_denied` for an address that may not use the relay. */
  checkClient({ exchange }: IncomingRequest): void {
    const { clients, allowsUnix } = this.#rules;
    const allowed = exchange.peer.unix === true && exchange.client === ""
      ? allowsUnix
      : clients.has(exchange.client);
    if (!allowed) throw new ProxyError("access_denied", "The client's address is not in allow_clients");
  }

  /**
   * `authentication_required` where credentials are asked for and those of the request are missing or wrong; `queue_full`
   * where too many are being checked.
   */
  async checkUser({ head, exchange }: IncomingRequest): Promise<void> {
    const { users } = this.#rules;
    if (users === undefined) return;
    const written = head.fields.get("proxy-authorization"); // two lines are joined, which is never valid
    const credentials = written === undefined ? undefined : parseCredentials(written);
    const verdict = credentials && await users.check(credentials, exchange.client);
    exchange.passwordVerdict = verdict;
    if (verdict === "busy") throw new ProxyError("queue_full", "Too many passwords are being checked");
    if (verdict !== "right" && verdict !== "remembered") {
      const why = written === undefined ? "No credentials" : "No valid credentials";
      throw new ProxyError("authentication_required", why);
    }
    exchange.user = credentials!.user;
  }

  /** As `checkUser`, but looks at no password: `authentication_required` where there are no credentials. */
  checkCredentials({ head }: IncomingRequest): void {
    if (this.#rules.users === undefined) return;
    const written = head.fields.get("proxy-authorization");
    if (written === undefined || parseCredentials(written) === undefined) {
      throw new ProxyError("authentication_required", "No valid credentials");
    }
  }

  /** `access_denied` for a host that is refused, and for a tunnel to a port that is not for tunnels. */
  checkTarget(method: string, { host, port }: { host: string; port: number }): void {
    if (method === "CONNECT" && this.#rules.connectPorts?.has(port) === false) {
      throw new ProxyError("access_denied", `Port ${port} is not in connect_ports`);
    }
    if (this.#rules.denies(host)) throw new ProxyError("access_denied", `${host} is in deny`);
  }

  /** `access_denied` for an address, or this machine's name, that only parents may reach; names are looked up later. */
  checkStraight(host: string): void {
    const literal = literalAddress(host);
    const known = literal === undefined ? loopbackOf(host) : [literal];
    if (known === undefined || known.some(this.#rules.allowsAddress)) return;
    throw new ProxyError("access_denied", `${host} is a private address`);
  }
}
