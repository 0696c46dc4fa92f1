import { Buffer } from "node:buffer";
import type { MovingAverage } from "../balancing/average.ts";
import type { FailedLoad } from "../balancing/failed-load.ts";
import type { PeakAverage } from "../balancing/peak-average.ts";
import type { Candidate, LoadReport } from "../balancing/policy.ts";
import type { ProxyErrorKind } from "../base/errors.ts";
import type { ServerConfig } from "../config/sections/server.ts";
import type { ProbeTarget } from "../health/active.ts";
import { type EjectionRules, PassiveHealth } from "../health/passive.ts";
import { hasPassed, type Probed } from "../health/probe-result.ts";
import {
  type HealthState,
  observe,
  type Thresholds,
  UNKNOWN_HEALTH,
  UNPROBED_HEALTH,
} from "../health/state.ts";
import { isLoadReport } from "../http/load-report.ts";
import type { DropsField } from "../http1/encode.ts";
import type { DialDestination } from "../net/dial.ts";
import type { ConnectionPool } from "../upstream/pool.ts";
import type { OperatorState, OperatorWord } from "./operator-word.ts";
import type { ServerRecord } from "./record.ts";
import { Standing } from "./standing.ts";
import type { Tunnels } from "./tunnels.ts";

/** Who wants to know how requests to a server end. */
export interface OutcomeListener {
  /** A request was answered below 500; the head of that came at `now`. */
  onPassed(server: Server, client: string, now: number): void;
  /**
   * A request failed on the server's side, or was answered 500 or above; `client` is undefined where nothing of it was
   * sent, so that it has nothing to do with that.
   */
  onFailed(server: Server, reason: ProxyErrorKind | number, client: string | undefined): void;
  /** A request of `client` that failed, for `reason`, was answered well by another server. */
  onProven(server: Server, reason: ProxyErrorKind | number, client: string): void;
  /** A server that was full has room again. */
  onRoom(server: Server): void;
}

/** One upstream address of a backend, while the proxy runs. */
export class Server implements Candidate, ProbeTarget {
  readonly config: ServerConfig;
  /** Its URL: the name in logs and metrics. */
  readonly name: string;
  readonly priority: number;
  /** Path in front of every request target, without a trailing slash; mostly empty. */
  readonly basePath: string;
  /** Its own `host[:port]`, for a rewritten Host. */
  readonly authority: string;
  /** Value of Proxy-Authorization for a parent that asks for it (RFC 7617); never shown or logged. */
  readonly authorization: string | undefined;
  readonly destination: DialDestination;
  readonly pool: ConnectionPool;
  /** Open tunnels; those of a server with this name in any config. */
  readonly tunnels: Tunnels;
  /** What was counted; lives on in the same server of the next config. */
  readonly record: ServerRecord;
  /** What requests say. */
  readonly passive: PassiveHealth;
  /** Told how requests to it end. */
  readonly outcomes: OutcomeListener;
  /** Whether it is a proxy: then a bad status is rather the fault of the server behind it. */
  readonly isParent: boolean;
  /** Whether what its answers say of its load is for us. */
  readonly readsReports: boolean;
  /** What the operator said of it, in whatever config. */
  readonly word: OperatorWord;
  /** Share of the weight that counts: less than 1 while a server that came back is brought up. */
  ramp = 1;
  /** When it came back, while it is brought up to its weight. */
  rampingSince: number | undefined;
  #health: HealthState = UNKNOWN_HEALTH;
  #lastProbe: Probed | undefined;
  #givenWeight: number;

  constructor(
    config: ServerConfig,
    parts: {
      destination: DialDestination;
      pool: ConnectionPool;
      ejection: EjectionRules;
      outcomes: OutcomeListener;
      isParent?: boolean;
      readsReports?: boolean;
      /** What it keeps from configs before. */
      standing?: Standing;
      /** The same server in the config before. */
      before?: Server | undefined;
      /** Whether what probes said of it then still holds: they asked for the same. */
      sameCheck?: boolean;
    },
  ) {
    this.config = config;
    this.name = config.url;
    this.priority = config.priority;
    this.basePath = config.basePath;
    this.authority = config.authority;
    this.authorization = toBasic(config);
    this.destination = parts.destination;
    this.pool = parts.pool;
    const { before, standing = new Standing() } = parts;
    this.tunnels = standing.tunnels;
    this.record = standing.record;
    this.word = standing.word;
    this.word.expire(performance.now());
    this.#givenWeight = this.word.weight ?? config.weight;
    this.passive = new PassiveHealth(parts.ejection, before?.passive);
    this.outcomes = parts.outcomes;
    this.isParent = parts.isParent ?? false;
    this.readsReports = parts.readsReports ?? false;
    if (before === undefined) return;
    this.rampingSince = before.rampingSince;
    if (parts.sameCheck !== true) return;
    this.#health = before.health;
    this.#lastProbe = before.lastProbe;
  }

  /** Requests on their way to or from it: counted from being picked until the last byte of the answer. */
  get inFlight(): number {
    return this.record.inFlight;
  }

  /** Time from sending a request to the head of the answer. */
  get latency(): MovingAverage {
    return this.record.latency;
  }

  /** The same time, where what is slow counts at once. */
  get peak(): PeakAverage {
    return this.record.peak;
  }

  get probeMs(): number | undefined {
    return this.record.probeMs;
  }

  get report(): LoadReport | undefined {
    return this.record.report;
  }

  get failedLoad(): FailedLoad {
    return this.record.failedLoad;
  }

  get failures(): ReadonlyMap<ProxyErrorKind, number> {
    return this.record.failures;
  }

  /** What the operator wants of it. */
  get operator(): OperatorState {
    return this.word.state;
  }

  /** The operator's weight, or else the config's. */
  get givenWeight(): number {
    return this.#givenWeight;
  }

  /** Share of the requests in relation to the others, at this moment. */
  get weight(): number {
    return this.#givenWeight * this.ramp;
  }

  /** The operator said something else of it. Its backend has to work out anew who gets requests. */
  heed(): void {
    this.#givenWeight = this.word.weight ?? this.config.weight;
  }

  /** Whether further requests would wait for a connection, or have to wait for the next probe. */
  get full(): boolean {
    const { maxConnections } = this.config;
    return this.spent || (maxConnections > 0 && this.inFlight >= maxConnections);
  }

  /** Whether it had as many requests since its last probe as it may have. */
  get spent(): boolean {
    const { maxRequests } = this.config;
    return maxRequests > 0 && this.record.unprobed >= maxRequests;
  }

  /** Requests that it could take now without a wait. */
  get room(): number {
    const { maxConnections, maxRequests } = this.config;
    return Math.max(
      0,
      Math.min(
        maxConnections > 0 ? maxConnections - this.inFlight : Infinity,
        maxRequests > 0 ? maxRequests - this.record.unprobed : Infinity,
      ),
    );
  }

  /** What probes say; up while there are none. Changes by the next three methods only. */
  get health(): HealthState {
    return this.#health;
  }

  get lastProbe(): Probed | undefined {
    return this.#lastProbe;
  }

  /** Takes over the result of a probe. Returns whether it turned the server round, or was its first. */
  observe(probed: Probed, thresholds: Thresholds): boolean {
    const { up, known } = this.#health;
    this.#health = observe(this.#health, hasPassed(probed), thresholds);
    this.note(probed);
    return !known || this.#health.up !== up;
  }

  /** Writes down a result that says neither up nor down; it turns nothing round. */
  note(probed: Probed): false {
    this.#lastProbe = probed;
    this.record.unprobed = 0;
    this.record.probes++;
    if (hasPassed(probed)) {
      this.record.probesPassed++;
      this.record.probeMs = probed.ms;
    }
    return false;
  }

  /** A request says that it is down; probes will tell when it is back. */
  markDown(): void {
    this.#health = { up: false, streak: 0, known: true };
  }

  /** It joined others, and is down until its first probe has passed. */
  holdBack(): void {
    this.#health = UNPROBED_HEALTH;
  }

  /** Which trailer fields of its answers are for us alone, as the report is in a head. */
  get dropsTrailer(): DropsField | undefined {
    return this.readsReports ? isLoadReport : undefined;
  }

  /** Whether another server should be asked what this one answers `status` to, to see which of both is to blame. */
  wantsProof(status: number, client: string): boolean {
    return status >= 500 && !this.isParent && this.passive.wantsProof(performance.now(), client);
  }

  /** Another server answered `status` to what failed here, for `client` and `reason`. */
  outdone(status: number, reason: ProxyErrorKind | number, client: string): void {
    if (this.isParent && typeof reason === "number") return;
    if (status < 400) this.outcomes.onProven(this, reason, client);
  }
}

/** Basic credentials (RFC 7617 §2), as UTF-8. */
function toBasic({ username, password }: ServerConfig): string | undefined {
  if (username === undefined || password === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
