import { policyGoesBy } from "../base/policies.ts";
import { createPolicy } from "../balancing/create-policy.ts";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";

/** A server of a backend, as a request finds it. */
export interface CandidateFacts {
  readonly url: string;
  /** `ready`, `drain` or `maint`, as the operator has it; `down` or `ejected` where probes or requests say so. */
  readonly state: string;
  readonly weight: number;
  readonly inFlight: number;
  /** Its place in the order in which the policy would try them; undefined for one that gets no requests now. */
  readonly rank: number | undefined;
  readonly averageMs: number | undefined;
}

export interface Candidates {
  readonly policy: string;
  /** What of the request decides, where the policy goes by a key. */
  readonly key: string | undefined;
  /** Whether the first by rank is the one; else it depends on turns or on chance. */
  readonly sure: boolean;
  /** Who the client stays with, by its cookie. */
  readonly sticky: string | undefined;
  readonly servers: readonly CandidateFacts[];
  /** The server whose head is shown. */
  readonly first: Server | undefined;
}

/** Policies that go by turns or by chance: which server is next, nobody can say before. */
const BY_TURNS: ReadonlySet<string> = new Set(["roundrobin", "random", "load_aware"]);

/**
 * Who may get `request`, in the order of the policy. A policy of the same kind is asked that begins with these servers, so
 * that the running one takes no note of it.
 */
export function candidatesOf(backend: Backend, request: IncomingRequest): Candidates {
  const { config, servers, available } = backend;
  const key = backend.hashKey?.(request);
  const policy = createPolicy<Server>(config.balance, config.hash);
  policy.update(available);
  const ranks = new Map<Server, number>();
  const tried = new Set<Server>();
  for (let server = policy.pick(tried, key); server !== undefined; server = policy.pick(tried, key)) {
    tried.add(server);
    ranks.set(server, ranks.size + 1);
  }
  const sticky = backend.stickyServer(request.head.fields);
  const byTurns = BY_TURNS.has(config.balance) ||
    (policyGoesBy(config.balance) === "key" && key === undefined);
  const now = performance.now();
  return {
    policy: config.balance,
    key,
    sure: sticky !== undefined || available.length === 1 || !byTurns,
    sticky: sticky?.name,
    first: sticky ?? [...ranks.keys()][0] ?? servers[0],
    servers: servers.map((server) => ({
      url: server.name,
      state: stateOf(server, now),
      weight: server.weight,
      inFlight: server.inFlight,
      rank: ranks.get(server),
      averageMs: server.latency.averageMs,
    })),
  };
}

function stateOf({ operator, health, passive, lastProbe }: Server, now: number): string {
  if (operator !== "ready") return operator;
  if (!health.up) return "down";
  if (passive.isEjected(now)) return "ejected";
  return lastProbe === undefined ? "unprobed" : "up";
}
