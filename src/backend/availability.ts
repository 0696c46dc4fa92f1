import type { ProxyErrorKind } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { EjectionCause } from "../health/passive.ts";
import { hasPassed, type Probed } from "../health/probe-result.ts";
import type { Thresholds } from "../health/state.ts";
import type { OutcomeListener, Server } from "./server.ts";
import { disperse, fill } from "./waiting.ts";

/** Steps in which a server is brought up to its full weight. */
const RAMP_STEPS = 10;

/** How a backend decides who gets requests. */
export interface AvailabilityRules {
  /** Name of the backend, for the log. */
  readonly backend: string;
  /** Whether servers are probed. */
  readonly probed: boolean;
  /** Passed probes that let an ejected server back in before its time; undefined where they do not. */
  readonly readmitAfter: number | undefined;
  /** Share of the servers below which health is ignored; 0 never. */
  readonly panicThreshold: number;
  /** Time in which a server that came back, or joined others, is brought up to its full weight, in ms. */
  readonly slowStartMs: number;
  /** Told about the servers that may get requests, whenever they or their weights change. */
  readonly onChange: (available: readonly Server[]) => void;
  readonly log: Log;
  /** Where the probes of all backends are counted. */
  readonly probes?: ProbeCount | undefined;
}

/** What follows from the result of a probe. */
interface ProbeRules extends Thresholds {
  /** Whether it says of every server that it is up or down, or only lets those back in that requests have ejected. */
  readonly when?: "always" | "ejected";
}

/** Probes of all backends that gave a result, and those among them that passed. */
export interface ProbeCount {
  all: number;
  passed: number;
}

/**
 * Knows which servers of a backend may get requests: those that are up, not ejected, and ready. It changes on events:
 * a probe, the outcome of a request, an operator's word, the end of an ejection.
 */
export class Availability implements OutcomeListener {
  readonly #rules: AvailabilityRules;
  #servers: readonly Server[] = [];
  #available: readonly Server[] = [];
  /** Probes that ejected servers have passed. */
  readonly #passes = new Map<Server, number>();
  /** Servers that are down, or joined and were not seen up yet: those are brought up slowly, and none at the start. */
  readonly #slow = new Set<Server>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(rules: AvailabilityRules) {
    this.#rules = rules;
  }

  /** Names the servers of the backend, and forgets all others; `joined` those of them that came to others. */
  update(servers: readonly Server[], joined: readonly Server[] = []): void {
    this.#servers = servers;
    for (const known of [this.#passes, this.#slow]) {
      for (const server of known.keys()) if (!servers.includes(server)) known.delete(server);
    }
    // What was known of them in a config before.
    for (const server of servers) {
      if (!server.health.up && server.health.known) this.#slow.add(server);
      if (server.passive.isEjected(performance.now()) && !this.#passes.has(server)) {
        this.#passes.set(server, 0);
      }
    }
    for (const server of joined) {
      if (this.#rules.probed) this.#slow.add(server);
      else this.#comeBack(server);
    }
    this.refresh();
  }

  /** Those that joined get their first request after their first probe, as long as another server is up. */
  settle(): void {
    const waiting = this.#servers.filter((server) => this.#slow.has(server) && !server.health.known);
    const now = performance.now();
    if (!this.#servers.some((server) => !waiting.includes(server) && isHealthy(server, now))) return;
    for (const server of waiting) server.holdBack();
    if (waiting.length > 0) this.refresh();
  }

  /** Works out anew who may get requests. */
  refresh(): void {
    const now = performance.now();
    const before = this.#available;
    for (const server of this.#servers) server.ramp = this.#rampOf(server, now);
    const eligible = this.#servers.filter(isEligible);
    let healthy = eligible.filter((server) => isHealthy(server, now));
    // All that are up are ejected: one of those is better than none, and than one that probes call down.
    if (healthy.length === 0) healthy = eligible.filter(({ health }) => health.up);
    this.#available = healthy.length < this.#rules.panicThreshold * eligible.length ? eligible : healthy;
    this.#rules.onChange(this.#available);
    this.#wakeUp(now);
    this.#moveWaiting(before);
  }

  /** A server that is ejected, for a request that has no other left; it was sent to those in `tried` already. */
  lastResort(tried: ReadonlySet<Server>): Server | undefined {
    const now = performance.now();
    let best: Server | undefined;
    for (const server of this.#servers) {
      if (!isEligible(server) || !server.health.up || !server.passive.isEjected(now)) continue;
      if (tried.has(server) || server.full) continue;
      if (best === undefined || server.inFlight * best.weight < best.inFlight * server.weight) best = server;
    }
    return best;
  }

  /** Whether a server may have requests of clients that stay with it, even while it gets no others. */
  keeps(server: Server): boolean {
    if (server.spent || !this.#servers.includes(server)) return false;
    return this.#available.includes(server) ||
      (server.operator !== "maint" && isHealthy(server, performance.now()));
  }

  onPassed(server: Server, client: string, now: number): void {
    server.passive.passed(client, now);
  }

  /** Who waits for another server may have this one. */
  onRoom(server: Server): void {
    if (this.#available.includes(server)) fill(server, this.#servers, 1);
  }

  onFailed(server: Server, reason: ProxyErrorKind | number, client: string | undefined): void {
    if (!this.#isJudged(server)) return;
    const now = performance.now();
    const refused = reason === "connect_refused";
    this.#judge(server, server.passive.failed({ now, refused, client }), { now, reason });
  }

  onProven(server: Server, reason: ProxyErrorKind | number, client: string): void {
    if (!this.#isJudged(server)) return;
    const now = performance.now();
    this.#judge(server, server.passive.proven(now, client), { now, reason });
  }

  /** What requests say of a server that is gone, or down (they may still come in panic), changes nothing. */
  #isJudged(server: Server): boolean {
    return server.health.up && this.#servers.includes(server);
  }

  /** Takes a server out of which `enough` is known, unless the backend cannot spare it. */
  #judge(
    server: Server,
    enough: EjectionCause | undefined,
    { now, reason }: { now: number; reason: ProxyErrorKind | number },
  ): void {
    if (enough === undefined || !isHealthy(server, now)) return;
    if (enough === "share" && !this.#standsOut(server, now)) return;
    if (!this.#canSpare(server) && !this.#replace(server, now)) return;
    const { backend, probed, log } = this.#rules;
    if (enough === "refused" && probed) {
      // The probes will tell when it is back, which may be long before an ejection would end.
      server.markDown();
      noteTurn(server, reason);
      server.passive.readmit(now); // what counts from here on is what happens when it is back
      this.#slow.add(server);
      log.warn("server_down", { backend, server: server.name, cause: reason });
    } else {
      const { requests, failures } = server.passive.tally(now);
      const failed = enough === "share" ? { failed: `${failures} of ${requests}` } : undefined;
      const ms = server.passive.eject(now, enough);
      server.record.ejections++;
      noteTurn(server, reason);
      this.#passes.set(server, 0);
      log.warn("server_ejected", { backend, server: server.name, cause: String(reason), ...failed, ms });
    }
    this.refresh();
  }

  /** A probe gave a result. */
  onProbed(server: Server, probed: Probed, thresholds: ProbeRules): void {
    const { backend, log, probes } = this.#rules;
    const wasSpent = server.spent;
    const passed = hasPassed(probed);
    const turned = thresholds.when === "ejected" ? server.note(probed) : server.observe(probed, thresholds);
    if (probes !== undefined) {
      probes.all++;
      if (passed) probes.passed++;
    }
    if (wasSpent && this.#available.includes(server)) fill(server, this.#servers);
    if (turned) {
      noteTurn(server);
      const { code, detail, status } = probed;
      const fields = { backend, server: server.name, check: code, status, detail };
      if (passed) log.info("server_up", fields);
      else log.warn("server_down", fields);
      if (passed && this.#slow.has(server)) this.#comeBack(server);
      if (passed) this.#slow.delete(server);
      else this.#slow.add(server);
    }
    if (!this.#readmits(server, passed) && !turned) return;
    this.refresh();
  }

  /** Frees the timer for good. */
  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  /** Whether as many probes passed as bring a server back that requests had ejected. */
  #readmits(server: Server, passed: boolean): boolean {
    const { readmitAfter } = this.#rules;
    const passes = this.#passes.get(server);
    if (readmitAfter === undefined || passes === undefined || !server.passive.isEjected(performance.now())) {
      return false;
    }
    this.#passes.set(server, passed ? passes + 1 : 0);
    if (!passed || passes + 1 < readmitAfter) return false;
    server.passive.readmit(performance.now());
    this.#readmitted(server, "probes passed");
    return true;
  }

  #readmitted(server: Server, cause: string): void {
    this.#passes.delete(server);
    noteTurn(server);
    this.#comeBack(server);
    this.#rules.log.info("server_readmitted", { backend: this.#rules.backend, server: server.name, cause });
  }

  /** Outcomes of requests take out half of the servers at most, and never the last. */
  #canSpare(server: Server): boolean {
    if (!this.#available.includes(server) || this.#available.length < 2) return false;
    const eligible = this.#servers.filter(isEligible);
    const out = eligible.length - this.#available.length;
    return out + 1 <= Math.floor(eligible.length / 2);
  }

  /** Whether the share of a server's failures is more than twice that of the others: else the requests are to blame. */
  #standsOut(server: Server, now: number): boolean {
    const own = server.passive.tally(now);
    let requests = 0;
    let failures = 0;
    for (const other of this.#available) {
      if (other === server) continue;
      const its = other.passive.tally(now);
      requests += its.requests;
      failures += its.failures;
    }
    return failures / Math.max(own.requests, requests) < own.failures / own.requests / 2;
  }

  /** Lets a server back in whose last request was answered well, tried when there was no other, in place of `failing`. */
  #replace(failing: Server, now: number): boolean {
    const back = this.#servers.find((other) =>
      other !== failing && isEligible(other) && other.passive.isEjected(now) && other.passive.answersAgain
    );
    if (back === undefined) return false;
    back.passive.readmit(now);
    this.#readmitted(back, "it answers again");
    this.refresh();
    return this.#canSpare(failing);
  }

  /** Has requests that wait choose again: those for servers that are out, and as many as have room on those that came. */
  #moveWaiting(before: readonly Server[]): void {
    const available = new Set(this.#available);
    const known = [...new Set([...this.#servers, ...before])];
    if (available.size === 0 || known.every(({ pool }) => pool.waiting === 0)) return;
    for (const server of known) if (!available.has(server)) disperse(server, !this.keeps(server));
    for (const server of available) if (!before.includes(server)) fill(server, known);
  }

  #comeBack(server: Server): void {
    if (this.#rules.slowStartMs > 0) server.rampingSince = performance.now();
  }

  #rampOf(server: Server, now: number): number {
    const since = server.rampingSince;
    if (since === undefined) return 1;
    const share = this.#rules.slowStartMs === 0 ? 1 : (now - since) / this.#rules.slowStartMs;
    if (share >= 1) server.rampingSince = undefined;
    return Math.min(1, Math.max(1 / RAMP_STEPS, share));
  }

  /** Comes back when an ejection ends, or a weight has grown. */
  #wakeUp(now: number): void {
    clearTimeout(this.#timer);
    if (this.#disposed) return;
    const times = [...this.#passes.keys()].map(({ passive }) => passive.ejectedUntil);
    if (this.#servers.some(({ rampingSince }) => rampingSince !== undefined)) {
      times.push(now + this.#rules.slowStartMs / RAMP_STEPS);
    }
    if (times.length === 0) return;
    this.#timer = setTimeout(() => {
      const then = performance.now() + 1; // timers count whole milliseconds
      for (const server of [...this.#passes.keys()]) {
        if (server.passive.isEjected(then)) continue;
        server.passive.readmit(then);
        this.#readmitted(server, "its time is over");
      }
      this.refresh();
    }, Math.max(1, Math.min(...times) - now));
  }
}

/** Writes down that a server came or went, and for what failure it went where requests say so. */
function noteTurn({ record }: Server, fault?: ProxyErrorKind | number): void {
  record.turnedAt = Date.now();
  record.lastFault = fault === undefined ? undefined : String(fault);
}

/** Whether config and operator let the server have requests. */
function isEligible({ givenWeight, operator }: Server): boolean {
  return givenWeight > 0 && operator === "ready";
}

function isHealthy({ health, passive }: Server, now: number): boolean {
  return health.up && !passive.isEjected(now);
}
