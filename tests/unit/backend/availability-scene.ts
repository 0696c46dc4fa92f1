import type { TestContext } from "node:test";
import { Availability, type AvailabilityRules } from "../../../src/backend/availability.ts";
import type { OperatorState } from "../../../src/backend/operator-word.ts";
import { Server } from "../../../src/backend/server.ts";
import type { ProxyErrorKind } from "../../../src/base/errors.ts";
import type { LogFields } from "../../../src/base/log-event.ts";
import { validateConfig } from "../../../src/config/load.ts";
import { ConnectionPool } from "../../../src/upstream/pool.ts";
import { Clock } from "../../support/clock.ts";

const EJECTION = {
  enabled: true,
  failures: 5,
  failureShare: 0.3,
  minRequests: 5,
  window: 10_000,
  time: 10_000,
  maxTime: 35_000,
};

/** Results in a row that turn a server round. */
const AT_ONCE = { rise: 1, fall: 1 }, NEVER = { rise: Infinity, fall: Infinity };

/** Servers `s0`, `s1`, … of weight 10 and who of them may get requests, on a clock that the test turns. */
export class Scene {
  readonly clock: Clock;
  readonly servers: readonly Server[];
  readonly availability: Availability;
  /** Positions of the servers that may get requests. */
  available: number[] = [];
  /** Times that the policy was told. */
  changes = 0;
  /** Every event: level, name, server, and what it says. */
  readonly log: string[] = [];
  #clients = 0;

  /** The servers at the positions `weightless` have the weight 0. */
  constructor(
    t: TestContext,
    count: number,
    rules: Partial<AvailabilityRules> = {},
    weightless: number[] = [],
  ) {
    this.clock = new Clock(t);
    this.clock.now += 0.25; // timers count whole milliseconds, the clock does not
    t.after(() => this.end());
    const note = (level: string) => (event: string, fields: LogFields = {}) => {
      const { server, cause, check, status, ms } = fields;
      const parts = [level, event, server, cause, check, status, ms].filter((part) => part !== undefined);
      this.log.push(parts.join(" ").replace("http://", ""));
    };
    this.availability = new Availability({
      backend: "app",
      probed: false,
      readmitAfter: undefined,
      panicThreshold: 0,
      slowStartMs: 0,
      onChange: (available) => {
        this.changes++;
        this.available = available.map((server) => this.servers.indexOf(server));
      },
      log: {
        debug: note("debug"),
        info: note("info"),
        warn: note("warn"),
        error: note("error"),
        access() {},
      },
      ...rules,
    });
    this.servers = createServers(count, weightless, this.availability);
    this.availability.update(this.servers);
  }

  /** `times` requests to server `i` fail, each of another client or all of `client`. */
  fail(i: number, times: number, reason: ProxyErrorKind | number = "upstream_reset", client?: string): void {
    for (let n = 0; n < times; n++) {
      this.availability.onFailed(
        this.servers[i]!,
        reason,
        String(reason).startsWith("connect_") ? undefined : client ?? `10.0.0.${this.#clients++ % 250}`,
      );
    }
  }

  /** A request to server `i` is answered. */
  pass(i: number, client = "10.0.1.1"): void {
    this.availability.onPassed(this.servers[i]!, client, performance.now());
  }

  /** What has failed at server `i` is answered by another. */
  prove(i: number, client = "10.0.1.1"): void {
    this.availability.onProven(this.servers[i]!, 500, client);
  }

  /** A probe of server `i` gives a result, after which it is `up`; `turned` where that is new. */
  probe(i: number, passed: boolean, up = passed, turned = false): void {
    const server = this.servers[i]!;
    const result = passed ? { code: "L7OK", status: 200 } as const : { code: "L7STS", status: 500 } as const;
    const probed = { ...result, ms: 1, at: 0 };
    if (!turned && !server.health.known) server.observe({ code: up ? "L7OK" : "L4CON", ms: 1, at: 0 }, NEVER);
    this.availability.onProbed(server, probed, turned ? AT_ONCE : NEVER);
  }

  operate(i: number, state: OperatorState): void {
    this.servers[i]!.word.say({ state }, performance.now());
    this.availability.refresh();
  }

  /** Lets `ms` pass; timers go off `earlyMs` before it is their time by the clock. */
  advance(ms: number, earlyMs = 0): void {
    this.clock.now -= earlyMs;
    this.clock.pass(ms);
    this.clock.now += earlyMs;
  }

  /** Servers that are out on account of requests. */
  out(): number {
    return this.servers.filter((server) => isOut(server, this.clock.now)).length;
  }

  /** Frees its timer. */
  end(): void {
    this.availability.dispose();
  }
}

/** Whether probes or requests say that `server` gets no requests at `now`. */
export function isOut({ health, passive }: Server, now: number): boolean {
  return !health.up || passive.isEjected(now);
}

function createServers(count: number, weightless: number[], outcomes: Availability): Server[] {
  const servers = Array.from({ length: count }, (_, i) => ({
    url: `http://s${i}`,
    weight: weightless.includes(i) ? 0 : 10,
  }));
  const { backends, limits } = validateConfig({
    frontends: [{ bind: ":0", default_backend: "app" }],
    backends: { app: { servers } },
  });
  const { timeouts } = backends.app!;
  return backends.app!.servers.map((config) => {
    const destination = { host: config.host, port: config.port };
    const pool = new ConnectionPool({
      destination,
      timeouts,
      maxIdle: 0,
      maxConnections: 0,
      limits,
    });
    return new Server(config, { destination, pool, ejection: EJECTION, outcomes });
  });
}
