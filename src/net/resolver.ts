import { lookup, Resolver as DnsClient } from "node:dns/promises";
import { isIP } from "node:net";
import { loopbackOf } from "../http/localhost.ts";

/** How names are looked up. */
export interface ResolverOptions {
  /** DNS servers to ask, `address` or `address:port`; with none the system is asked, its hosts file included. */
  readonly servers: readonly string[];
  /** For one question to one DNS server, in ms. */
  readonly timeout: number;
  /**
   * Whether anybody may choose the names. A look-up by the system cannot be given up and keeps a thread until it ends, so
   * a few names that nobody answers for would hold up all others: then DNS is asked first.
   */
  readonly untrusted?: boolean;
}

/** One address that a name stands for. */
export interface Endpoint {
  readonly address: string;
  readonly family: 4 | 6;
  /** Where an SRV record named it (RFC 2782). */
  readonly service?: ServiceRecord;
}

/** What an SRV record says of a target. */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** What a name stands for, and for how long. */
export interface Resolution {
  /** At least one, at most `MAX_ENDPOINTS`. */
  readonly endpoints: readonly Endpoint[];
  /** Time until it should be asked for again, in ms. It may come later than the answer; never rejects. */
  readonly ttl: Promise<number>;
  /** What could not be asked for: endpoints of that kind there may be all the same. Mostly empty. */
  readonly missing: readonly MissingPart[];
}

/** Addresses that nobody could tell. */
export interface MissingPart {
  readonly family: 4 | 6;
  /** The target of an SRV record whose addresses they are. */
  readonly service?: string;
}

/** Endpoints that one name may stand for; more are left out. */
export const MAX_ENDPOINTS = 256;
/** Used where an answer comes without a TTL: from a hosts file, or for an SRV record, whose TTL `node:dns` does not tell. */
const DEFAULT_TTL_MS = 30_000;
/** Bounds of what is believed of a TTL. */
const MIN_TTL_MS = 1000;
const MAX_TTL_MS = 3_600_000;
/** Rounds over all DNS servers. */
const TRIES = 2;

/** What looks names up. */
export interface NameResolver {
  /** The A and AAAA records of a name, in the order of preference; loopback for `localhost`. Rejects where there is none. */
  addresses(name: string): Promise<Resolution>;
  /** The targets of an SRV record with their addresses (RFC 2782). Rejects where there is none. */
  service(name: string): Promise<Resolution>;
}

/** Looks names up. It remembers nothing. */
export class Resolver implements NameResolver {
  readonly #client: DnsClient;
  readonly #asksSystem: boolean;
  readonly #untrusted: boolean;

  constructor({ servers, timeout, untrusted = false }: ResolverOptions) {
    this.#untrusted = untrusted;
    this.#client = new DnsClient({ timeout, tries: TRIES });
    this.#asksSystem = servers.length === 0;
    if (!this.#asksSystem) this.#client.setServers(servers);
  }

  async addresses(name: string): Promise<Resolution> {
    const loopback = loopbackOf(name);
    if (loopback !== undefined) return fixed(loopback);
    if (!this.#asksSystem) return await this.#records(name);
    if (this.#untrusted) return await dnsFirst(() => this.#records(name), () => this.#lookUp(name));
    return await this.#lookUp(name);
  }

  /** Asks the system. */
  async #lookUp(name: string): Promise<Resolution> {
    const found = await lookup(name, { all: true });
    return {
      endpoints: found.slice(0, MAX_ENDPOINTS).map(({ address }) => toEndpoint(address)),
      missing: [],
      // The system knows more names than DNS does, but tells no TTL; one that is in DNS has one there.
      ttl: this.#records(name).then(({ ttl }) => ttl, () => DEFAULT_TTL_MS),
    };
  }

  async service(name: string): Promise<Resolution> {
    const records = (await this.#client.resolveSrv(name)).slice(0, MAX_ENDPOINTS);
    const names = [...new Set(records.map(({ name }) => name))];
    const answers = await Promise.allSettled(names.map((target) => this.addresses(target)));
    const targets = new Map(names.map((target, i) => [target, answers[i]!]));
    const endpoints = records.flatMap(({ name, port, priority, weight }): Endpoint[] => {
      const target = targets.get(name)!;
      if (target.status === "rejected") return [];
      const service = { name, port, priority, weight };
      return target.value.endpoints.map((endpoint) => ({ ...endpoint, service }));
    });
    if (endpoints.length === 0) throw firstReason(answers) ?? notFound(name);
    const found = answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
    return {
      endpoints: endpoints.slice(0, MAX_ENDPOINTS),
      missing: names.flatMap((service, i) =>
        missingOf(answers[i]!).map(({ family }): MissingPart => ({ family, service }))
      ),
      ttl: Promise.all(found.map(({ ttl }) => ttl)).then((all) => Math.min(DEFAULT_TTL_MS, ...all)),
    };
  }

  async #records(name: string): Promise<Resolution> {
    const answers = await Promise.allSettled([
      this.#client.resolve4(name, { ttl: true }),
      this.#client.resolve6(name, { ttl: true }),
    ]);
    const records = answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : [])
      .slice(0, MAX_ENDPOINTS);
    if (records.length === 0) throw firstReason(answers) ?? notFound(name);
    return {
      endpoints: records.map(({ address }) => toEndpoint(address)),
      missing: FAMILIES.filter((_, i) => !wasAnswered(answers[i]!)).map((family) => ({ family })),
      ttl: Promise.resolve(shortestOf(records.map(({ ttl }) => ttl))),
    };
  }
}

/**
 * What DNS says, or what the system says where DNS answers that it knows no such name, or is not there at all: then the
 * system's answer comes at once as well. A DNS server that is silent is silent to the system too.
 */
export async function dnsFirst(
  ask: () => Promise<Resolution>,
  lookUp: () => Promise<Resolution>,
): Promise<Resolution> {
  try {
    return await ask();
  } catch (error) {
    if (![...NONE, "ECONNREFUSED"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return await lookUp();
  }
}

/** Codes of "there is none", the answer of a DNS server that works; see also `DNS_FAILURE_LOOKS_LIKE_NONE`. */
const NONE = ["ENODATA", "ENOTFOUND"];

/** The families of addresses in the order in which they are asked for. */
const FAMILIES = [4, 6] as const;

/** What of a target's addresses could not be asked for. */
function missingOf(answer: PromiseSettledResult<Resolution>): readonly MissingPart[] {
  if (answer.status === "fulfilled") return answer.value.missing;
  return wasAnswered(answer) ? [] : FAMILIES.map((family) => ({ family }));
}

/** Whether a question was answered, if only by "there is none". */
function wasAnswered(answer: PromiseSettledResult<unknown>): boolean {
  return answer.status === "fulfilled" || NONE.includes(answer.reason?.code);
}

/** Why nothing was found: rather that it could not be asked for than that there is none. */
function firstReason(answers: readonly PromiseSettledResult<unknown>[]): Error | undefined {
  const rejected = answers.filter((answer) => answer.status === "rejected");
  return (rejected.find((answer) => !wasAnswered(answer)) ?? rejected[0])?.reason;
}

/** In ms, of TTLs in seconds. Bun tells none for records beyond some number. */
function shortestOf(ttls: readonly (number | undefined)[]): number {
  const known = ttls.filter((ttl) => Number.isFinite(ttl)) as number[];
  if (known.length === 0) return DEFAULT_TTL_MS;
  return Math.max(MIN_TTL_MS, Math.min(MAX_TTL_MS, Math.min(...known) * 1000));
}

/** What nobody needs to be asked for. */
function fixed(addresses: readonly string[]): Resolution {
  return { endpoints: addresses.map(toEndpoint), missing: [], ttl: Promise.resolve(MAX_TTL_MS) };
}

function toEndpoint(address: string): Endpoint {
  return { address, family: isIP(address) === 6 ? 6 : 4 };
}

function notFound(name: string): Error {
  return Object.assign(new Error(`${name} has no address`), { code: "ENOTFOUND" });
}
