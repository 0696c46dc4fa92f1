import type { OperatorState } from "../backend/operator-word.ts";
import type { Server } from "../backend/server.ts";
import { conditionOf, type ServerCondition } from "../backend/server-condition.ts";
import type { Probed } from "../health/probe-result.ts";
import type { History } from "../observe/history.ts";
import { watchedServer } from "./watched.ts";
import { type TrafficStatus, windowsOf } from "./traffic-status.ts";

/** The result of a probe. */
export interface ProbeStatus {
  /** In HAProxy's words, such as `L7OK`. */
  readonly code: string;
  /** Status of the answer, where there was one. */
  readonly status?: number | undefined;
  readonly detail?: string | undefined;
  readonly ms: number;
  /** When it came, as ISO 8601. */
  readonly at: string;
}

/** One server. Its requests are attempts on it; their latency goes to the head of its answer. */
export interface ServerStatus extends TrafficStatus {
  readonly url: string;
  /** What the operator said: `ready`, `drain` or `maint`. */
  readonly state: OperatorState;
  /** How it is, in a word; see `ServerCondition`. */
  readonly condition: ServerCondition;
  /** Why it is not `up`, in words; undefined where it is. */
  readonly why: string | undefined;
  /** Since when it is so, as far as probes and requests say, as ISO 8601; undefined where it always was. */
  readonly since: string | undefined;
  /** Until when it is ejected, as ISO 8601; undefined where it is not. */
  readonly ejectedUntil: string | undefined;
  /** What probes say; true while there are none. */
  readonly up: boolean;
  /** Whether it gets requests of new clients now. */
  readonly available: boolean;
  /** What counts: the operator's, or else the config's. */
  readonly weight: number;
  readonly configWeight: number;
  /** When the next of the operator's words is over, as ISO 8601; undefined where it holds for good. */
  readonly operatorUntil: string | undefined;
  /** What counts of its weight at the moment: less while it is brought up slowly. */
  readonly effectiveWeight: number;
  readonly priority: number;
  readonly inFlight: number;
  /** Requests that it may have at a time; 0 is no limit. */
  readonly maxConnections: number;
  /** Open connections, busy ones included. */
  readonly connections: number;
  /** Average time to the head of an answer, in ms; undefined while nothing was measured. */
  readonly averageMs: number | undefined;
  /** Failures since the last request that was answered well. */
  readonly consecutiveFailures: number;
  /** Times that failing requests took it out. */
  readonly ejections: number;
  /** Attempts that failed on its side, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Requests per second in the steps of 5 s of the last minute, the newest first; undefined where nobody keeps a history. */
  readonly flow: readonly number[] | undefined;
  /** Probes so far, and those that passed. */
  readonly probes: number;
  readonly probesPassed: number;
  /** Result of the last probe; undefined while there was none. */
  readonly lastProbe: ProbeStatus | undefined;
}

/** The state of `server` at this moment; `available` says whether it gets requests. */
export function statusOfServer(
  server: Server,
  { backend, available, history }: { backend: string; available: boolean; history: History | undefined },
): ServerStatus {
  const { record, passive, lastProbe, config } = server;
  const { condition, why } = conditionOf(server, available);
  const now = performance.now();
  const watched = watchedServer(backend, server);
  return {
    url: server.name,
    state: server.operator,
    condition,
    why,
    since: isoOf(record.turnedAt),
    ejectedUntil: passive.isEjected(now) ? isoOf(Date.now() + passive.ejectedUntil - now) : undefined,
    up: server.health.up,
    available,
    weight: server.givenWeight,
    configWeight: config.weight,
    operatorUntil: server.word.endsAt === Infinity ? undefined : isoOf(Date.now() + server.word.endsAt - now),
    effectiveWeight: server.weight,
    priority: server.priority,
    inFlight: server.inFlight,
    maxConnections: config.maxConnections,
    connections: server.pool.size,
    averageMs: server.latency.averageMs,
    consecutiveFailures: passive.failuresInARow,
    requests: record.requests,
    errors: record.errors,
    retries: record.retried,
    bytesIn: record.bytesIn,
    bytesOut: record.bytesOut,
    ejections: record.ejections,
    failures: Object.fromEntries(server.failures),
    ...windowsOf(watched, history),
    flow: history?.flow(watched),
    probes: record.probes,
    probesPassed: record.probesPassed,
    lastProbe: lastProbe && probeStatusOf(lastProbe),
  };
}

/** A result of a probe as operators see it. */
export function probeStatusOf({ code, status, detail, ms, at }: Probed): ProbeStatus {
  return { code, status, detail, ms, at: new Date(at).toISOString() };
}

function isoOf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
