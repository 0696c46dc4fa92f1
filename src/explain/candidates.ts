import { policyGoesBy } from "../base/policies.ts";
import { createPolicy } from "../balancing/create-policy.ts";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import { conditionOf, type ServerCondition } from "../backend/server-condition.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";

/** Servers that get a rank: of a thousand the first say enough, and each takes a look at all of them. */
const MAX_RANKED = 50;

/** A server of a backend, as a request finds it; its keys are those of the JSON. */
export interface CandidateFacts {
  readonly url: string;
  readonly condition: ServerCondition;
  readonly weight: number;
  readonly in_flight: number;
  /** Its place in the order in which the policy would try them; null for one that gets no requests now, or is far behind. */
  readonly rank: number | null;
  /** Null while nothing was measured. */
  readonly average_ms: number | null;
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

/** The server that is asked first for `request`, or may be; undefined where there is none at all. */
export function firstFor(backend: Backend, request: IncomingRequest): Server | undefined {
  return backend.stickyServer(request.head.fields) ?? orderOf(backend, request, 1)[0] ?? backend.servers[0];
}

/** Who may get `request`, in the order of the policy. */
export function candidatesOf(backend: Backend, request: IncomingRequest): Candidates {
  const { config, servers } = backend;
  const available = new Set(backend.available);
  const key = backend.hashKey?.(request);
  const order = orderOf(backend, request, MAX_RANKED);
  const ranks = new Map(order.map((server, i) => [server, i + 1]));
  const sticky = backend.stickyServer(request.head.fields);
  const byTurns = BY_TURNS.has(config.balance) ||
    (policyGoesBy(config.balance) === "key" && key === undefined);
  return {
    policy: config.balance,
    key,
    sure: sticky !== undefined || available.size === 1 || !byTurns,
    sticky: sticky?.name,
    first: sticky ?? order[0] ?? servers[0],
    servers: servers.map((server) => ({
      url: server.name,
      condition: stateOf(server, backend, available.has(server)),
      weight: server.weight,
      in_flight: server.inFlight,
      rank: ranks.get(server) ?? null,
      average_ms: server.latency.averageMs ?? null,
    })),
  };
}

/**
 * The first `most` servers in the order of the policy. One of the same kind is asked that begins with these servers, so that
 * the running one takes no note of it.
 */
function orderOf(backend: Backend, request: IncomingRequest, most: number): readonly Server[] {
  const { config, available } = backend;
  const key = backend.hashKey?.(request);
  const policy = createPolicy<Server>(config.balance, config.hash);
  policy.update(available);
  const tried = new Set<Server>();
  while (tried.size < most) {
    const server = policy.pick(tried, key);
    if (server === undefined) break;
    tried.add(server);
  }
  return [...tried];
}

/** As operators see it; of one that probes have not seen yet, as in a config that does not run, that is said. */
function stateOf(server: Server, { config }: Backend, available: boolean): ServerCondition {
  const { condition } = conditionOf(server, available);
  return condition === "up" && config.healthCheck !== undefined && !server.health.known
    ? "unprobed"
    : condition;
}
