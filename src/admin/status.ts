import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";

export interface ServerStatus {
  readonly url: string;
  /** What the operator said: `ready`, `drain` or `maint`. */
  readonly state: string;
  /** What probes say; true while there are none. */
  readonly up: boolean;
  /** Whether it gets requests of new clients now. */
  readonly available: boolean;
  readonly weight: number;
  readonly inFlight: number;
  /** Open connections, busy ones included. */
  readonly connections: number;
  /** Average time to the head of an answer, in ms; undefined while nothing was measured. */
  readonly averageMs: number | undefined;
  /** Result of the last probe in HAProxy's words, such as `L7OK`; undefined while there was none. */
  readonly lastProbe:
    | {
      readonly code: string;
      readonly detail?: string | undefined;
      readonly ms: number;
      readonly at: string;
    }
    | undefined;
}

export interface BackendStatus {
  readonly name: string;
  readonly balance: string;
  readonly inFlight: number;
  readonly servers: readonly ServerStatus[];
}

/** Holds no secrets: whoever reaches the admin listener may see it. */
export interface ProxyStatus {
  readonly version: string;
  /** Addresses that are bound. */
  readonly listeners: readonly string[];
  /** Open connections of clients. */
  readonly connections: number;
  readonly backends: readonly BackendStatus[];
}

/** The state of `backend` at this moment. */
export function statusOfBackend(backend: Backend): BackendStatus {
  const available = new Set(backend.available);
  return {
    name: backend.name,
    balance: backend.config.balance,
    inFlight: backend.inFlight,
    servers: backend.servers.map((server) => statusOfServer(server, available.has(server))),
  };
}

function statusOfServer(server: Server, available: boolean): ServerStatus {
  const { lastProbe } = server;
  return {
    url: server.name,
    state: server.operator,
    up: server.health.up,
    available,
    weight: server.config.weight,
    inFlight: server.inFlight,
    connections: server.pool.size,
    averageMs: server.latency.averageMs,
    lastProbe: lastProbe && {
      code: lastProbe.code,
      detail: lastProbe.detail,
      ms: lastProbe.ms,
      at: new Date(lastProbe.at).toISOString(),
    },
  };
}
