import { isDeepStrictEqual } from "node:util";
import { policyGoesBy } from "../base/policies.ts";
import { createPolicy } from "../balancing/create-policy.ts";
import type { Policy } from "../balancing/policy.ts";
import type { Log } from "../base/log.ts";
import type { BackendConfig } from "../config/sections/backend.ts";
import type { HealthCheckConfig } from "../config/sections/health-check.ts";
import type { Probed } from "../health/probe-result.ts";
import type { Fields } from "../http/fields.ts";
import type { CodecLimits } from "../http/head-limits.ts";
import { compileHashKey, type HashKey } from "../limits/hash-key.ts";
import type { NameResolver } from "../net/resolver.ts";
import { ConnectionPool } from "../upstream/pool.ts";
import { Availability, type ProbeCount } from "./availability.ts";
import { destinationOf } from "./destination.ts";
import { HedgeDelay } from "./hedge-delay.ts";
import { probeOnce, startHealthChecks } from "./health-checks.ts";
import { type Member, Membership } from "./membership.ts";
import { RetryBudget } from "./retry-budget.ts";
import type { OperatorWish } from "./operator-word.ts";
import { Server } from "./server.ts";
import { Standings } from "./standing.ts";
import { Stickiness } from "./sticky-cookie.ts";
import { disperse } from "./waiting.ts";
import { WordTimer } from "./word-timer.ts";

/** Time that names get to be looked up before the start goes on without them, in ms. */
const NAMES_MS = 2000;

/** What a backend is built with besides its config. */
export interface BackendParts {
  readonly limits: CodecLimits;
  readonly resolver: NameResolver;
  readonly log: Log;
  /** The backend of this name in the config before. */
  readonly before?: Backend | undefined;
  /** What servers of this backend keep from configs before; default nothing. */
  readonly standings?: Standings | undefined;
  /** Where the probes of all backends are counted; default nowhere. */
  readonly probes?: ProbeCount | undefined;
}

/** A named set of servers with a policy, while the proxy runs. */
export class Backend {
  readonly config: BackendConfig;
  /** How many requests may be repeated. */
  readonly retryBudget: RetryBudget;
  /** When a second attempt is made beside a slow one; undefined where none is. */
  readonly hedgeDelay: HedgeDelay | undefined;
  /** Which servers clients stay with, where they do. */
  readonly stickiness: Stickiness | undefined;
  /** The key of a request, where the policy goes by it. */
  readonly hashKey: HashKey | undefined;
  readonly #limits: CodecLimits;
  readonly #policy: Policy<Server>;
  readonly #availability: Availability;
  readonly #membership: Membership;
  readonly #standings: Standings;
  readonly #words = new WordTimer((servers) => this.#heed(servers));
  readonly #closed = new AbortController();
  /** The backend of this name in the config after this one, where it speaks the same protocol: that one knows who is there. */
  #successor: Backend | undefined;
  #servers: readonly Server[] = [];
  /** The servers that may get requests. Changes on an event, not per request. */
  #available: readonly Server[] = [];
  #started = false;

  /** Opens nothing; `start` begins to look names up and to probe. */
  constructor(config: BackendConfig, { limits, resolver, log, before, standings, probes }: BackendParts) {
    this.config = config;
    this.retryBudget = before?.config.retries.budget === config.retries.budget
      ? before.retryBudget
      : new RetryBudget(config.retries.budget);
    const { hedge } = config.retries;
    if (hedge !== false) {
      this.hedgeDelay = isDeepStrictEqual(before?.config.retries.hedge, hedge)
        ? before!.hedgeDelay
        : new HedgeDelay(hedge);
    }
    this.stickiness = config.sticky && new Stickiness(config.sticky, config.name);
    this.#limits = limits;
    this.#standings = standings ?? new Standings();
    this.#policy = createPolicy<Server>(config.balance, config.hash);
    if (before !== undefined) this.#policy.takeOver?.(before.#policy);
    this.hashKey = policyGoesBy(config.balance) === "key" ? compileHashKey(config.hash.on) : undefined;
    this.#availability = new Availability({
      backend: config.name,
      probed: config.healthCheck?.when === "always",
      readmitAfter: config.ejection.probesReadmit || config.healthCheck?.when === "ejected"
        ? config.healthCheck?.rise
        : undefined,
      panicThreshold: config.panicThreshold,
      slowStartMs: config.slowStart,
      onChange: (available) => {
        this.#available = available;
        this.#policy.update(available);
      },
      log,
      probes,
    });
    this.#membership = new Membership(config, {
      resolver,
      log,
      before: before === undefined ? undefined : before.#membership,
      onChange: () => this.#follow(),
      onMoved: (url, addresses) => this.#servers.find(({ name }) => name === url)?.pool.moveTo(addresses),
    });
    this.#begin(before);
  }

  get name(): string {
    return this.config.name;
  }

  /** Aborts when the backend is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** All servers of the config, and those that its names stand for at this moment. */
  get servers(): readonly Server[] {
    return this.#servers;
  }

  get available(): readonly Server[] {
    if (this.#successor !== undefined) return this.#successor.available;
    return this.#available.some(isSpent)
      ? this.#available.filter((server) => !server.spent)
      : this.#available;
  }

  /** Requests under way on all servers. */
  get inFlight(): number {
    return this.servers.reduce((sum, server) => sum + server.inFlight, 0);
  }

  /**
   * Looks the names up and begins the probes, if there are any. Resolves when each server has a first result; a name that
   * cannot be looked up holds nothing up for long.
   */
  async start(): Promise<void> {
    await this.#membership.start(NAMES_MS);
    this.#started = true;
    await this.#probe(this.#servers);
  }

  /** Nobody waits for `start` any more: servers that joined and have no result yet get no requests while others are up. */
  settle(): void {
    this.#availability.settle();
  }

  /**
   * The server for a request, other than those that it was sent to already; undefined where there is none. `key` is
   * what `hashKey` says of it. A request that is repeated gets one that is ejected where there is no other. It is counted
   * by a Lease, which is to be taken at once.
   */
  pick(tried?: ReadonlySet<Server>, key?: string): Server | undefined {
    if (this.#successor !== undefined) return this.#successor.pick(this.#successor.#own(tried), key);
    return this.#policy.pick(tried, key) ?? this.#leastFull(tried) ??
      (tried && this.#availability.lastResort(tried));
  }

  /** Whether a request has a server left besides those that it was sent to. */
  hasOther(tried: ReadonlySet<Server>): boolean {
    if (this.#successor !== undefined) return this.#successor.hasOther(this.#successor.#own(tried)!);
    return this.available.some((server) => !tried.has(server)) ||
      this.#availability.lastResort(tried) !== undefined;
  }

  /**
   * The server that a client stays with, if it may go on doing so, which a server that is drained allows, but not for
   * a tunnel (`opensTunnel`), as those are about to end.
   */
  stickyServer(fields: Fields, opensTunnel = false): Server | undefined {
    if (this.#successor !== undefined) return this.#successor.stickyServer(fields, opensTunnel);
    const server = this.stickiness?.serverOf(fields);
    if (server === undefined || !this.#availability.keeps(server)) return undefined;
    if (opensTunnel && server.operator !== "ready") return undefined;
    return server;
  }

  /** Says what the operator wants of a server. Requests under way are finished in any case, tunnels end after a while. */
  operate(server: Server, wish: OperatorWish): void {
    server.word.say(wish, performance.now());
    this.#words.watch();
    this.#heed([server]);
  }

  /** Takes back what the operator said of a server. */
  release(server: Server): void {
    server.word.unsay();
    this.#words.watch();
    this.#heed([server]);
  }

  /**
   * Probes a server now, besides its rhythm; the result counts like any other. Undefined where it cannot be asked: there are
   * no files left, or it has left the backend.
   */
  async probe(server: Server): Promise<Probed | undefined> {
    const { healthCheck } = this.config;
    if (healthCheck === undefined) {
      throw new TypeError(`Cannot probe "${server.name}": it has no health check`);
    }
    const probed = await probeOnce(healthCheck, { server, limits: this.#limits }, this.closed);
    if (probed === undefined || this.closed.aborted || !this.#servers.includes(server)) return undefined;
    this.#availability.onProbed(server, probed, healthCheck);
    return probed;
  }

  /**
   * Ends the probes and the look-ups, lets go of the connections that are unused now, and of the rest as they come free.
   * Tunnels to servers that the `successor` has as well stay. Requests of this config that wait, or are repeated, go to
   * servers of the successor.
   */
  close(successor?: Backend): void {
    this.#closed.abort();
    this.#membership.close();
    this.#availability.dispose();
    this.#words.close();
    if (successor !== undefined) successor.#heed(successor.servers); // something may have been said while it was built
    if (successor?.config.protocol === this.config.protocol) this.#successor = successor;
    for (const server of this.servers) {
      server.pool.close();
      if (this.#successor !== undefined) disperse(server, true);
    }
    this.#letGo(this.servers, successor?.servers ?? []);
  }

  /** Something else was said of these servers. */
  #heed(servers: readonly Server[]): void {
    for (const server of servers) server.heed();
    this.#availability.refresh();
    for (const { operator, tunnels } of servers) {
      if (operator === "ready") tunnels.stay();
      else tunnels.leave(this.config.timeouts.tunnelDrain);
    }
  }

  /** The servers with the names of `servers`, of another config, which may have left since. */
  #own(servers: ReadonlySet<Server> | undefined): ReadonlySet<Server> | undefined {
    if (servers === undefined) return undefined;
    const names = new Set([...servers].map(({ name }) => name));
    return new Set(this.#servers.filter(({ name }) => names.has(name)));
  }

  /** Begins with the servers of the config, each with what was known of it in the config `before`. */
  #begin(before: Backend | undefined): void {
    const known = byName(before?.servers ?? []);
    const sameCheck = asksTheSame(before?.config.healthCheck, this.config.healthCheck);
    const servers = this.#membership.members.map((member) =>
      this.#createServer(member, known.get(member.config.url), sameCheck)
    );
    this.#enter(servers, { added: servers, known });
  }

  /** Follows the names, which stand for other servers now. A server that joins gets its first request after its first probe. */
  #follow(): void {
    const before = this.#servers;
    const known = byName(before);
    const servers = this.#membership.members.map((member) => {
      const old = known.get(member.config.url);
      return old !== undefined && isDeepStrictEqual(old.config, member.config)
        ? old
        : this.#createServer(member, old, true);
    });
    const added = servers.filter((server) => !before.includes(server));
    const removed = before.filter((server) => !servers.includes(server));
    this.#enter(servers, { added, known });
    if (this.#started) this.settle();
    for (const { pool } of removed) pool.close();
    this.#letGo(removed, servers);
    if (this.#started) void this.#probe(added);
  }

  /** These are the `servers` from now on. Those of the `added` that were not `known` by name have joined, unless none was. */
  #enter(
    servers: readonly Server[],
    { added, known }: { added: readonly Server[]; known: ReadonlyMap<string, Server> },
  ): void {
    this.#servers = servers;
    this.#words.watch(servers);
    this.stickiness?.update(servers);
    this.#availability.update(servers, known.size === 0 ? [] : added.filter(({ name }) => !known.has(name)));
    for (const { operator, tunnels } of added) if (operator === "ready") tunnels.stay();
  }

  /** Ends the tunnels to servers that are none of those that `stay`, after a while. */
  #letGo(servers: readonly Server[], stay: readonly Server[]): void {
    const staying = new Set(stay.map(({ name }) => name));
    for (const { name, tunnels } of servers) {
      if (!staying.has(name)) tunnels.leave(this.config.timeouts.tunnelDrain);
    }
    this.#standings.keep(staying);
  }

  #createServer(member: Member, before: Server | undefined, sameCheck: boolean): Server {
    const { timeouts, pool, ejection, tls } = this.config;
    const destination = destinationOf(member, tls);
    const standing = this.#standings.of(member.config.url);
    return new Server(member.config, {
      destination,
      pool: new ConnectionPool({
        destination,
        timeouts,
        maxIdle: timeouts.keepAlive === 0 ? 0 : pool.maxIdle,
        maxConnections: member.config.maxConnections,
        limits: this.#limits,
        places: standing.places,
        tally: standing.record,
      }),
      ejection,
      outcomes: this.#availability,
      isParent: this.config.protocol === "proxy",
      // What comes through a proxy is of its targets, and for their clients.
      readsReports: policyGoesBy(this.config.balance) === "reports" && this.config.protocol === "http",
      standing,
      before,
      sameCheck: sameCheck && isDeepStrictEqual(before?.config.healthCheck, member.config.healthCheck),
    });
  }

  #probe(servers: readonly Server[]): Promise<void> {
    return startHealthChecks(this.config, {
      servers,
      limits: this.#limits,
      availability: this.#availability,
      isGone: (server) => !this.#servers.includes(server),
    }, this.#closed.signal);
  }

  /** Where all servers are full: the one on which the wait will be shortest. */
  #leastFull(tried: ReadonlySet<Server> | undefined): Server | undefined {
    let best: Server | undefined;
    for (const server of this.#available) {
      if (tried?.has(server) === true || server.spent) continue;
      if (best === undefined || server.inFlight * best.weight < best.inFlight * server.weight) best = server;
    }
    return best;
  }
}

function byName(servers: readonly Server[]): ReadonlyMap<string, Server> {
  return new Map(servers.map((server) => [server.name, server]));
}

/** Whether two checks ask for the same, in whatever rhythm: then what one found holds for the other. */
function asksTheSame(one: HealthCheckConfig | undefined, other: HealthCheckConfig | undefined): boolean {
  const question = (check: HealthCheckConfig | undefined) =>
    check && { ...check, interval: 0, fastInterval: 0, timeout: 0, rise: 0, fall: 0 };
  return isDeepStrictEqual(question(one), question(other));
}

function isSpent({ spent }: Server): boolean {
  return spent;
}
