import type { Contestant, Place } from "./contestant.ts";
import { nginxContestant } from "./reverse-contestants.ts";
import { on } from "./on-runtime.ts";
import { type Runtime, RUNTIME_TITLES } from "./runtime.ts";
import { routeTables, sluiceConfig } from "./sluice-config.ts";
import type { Trial } from "./trial.ts";

const ROUTES = [10, 10_000];
const SERVERS = [1, 10, 1000];
const IDLE_CONNECTIONS = [100, 10_000];

const POLICIES = [
  "roundrobin",
  "leastconn",
  "random",
  "first",
  "priority",
  "best",
  "latency",
  "load_aware",
  "hash",
];

/** Unused connections outlive the turns of the others: with 1,000 servers opening them anew would be what is measured. */
const KEEP_ALIVE = 'timeouts = { keep_alive = "1h" }\n';
/** What the policy needs; seldom, as probes of 1,000 servers are no part of a request. */
const PROBES = '[backends.origin.health_check]\npath = "/small"\ninterval = "60s"\n';
const MANY_CLIENTS = "[limits]\nmax_connections = 0\n";
const PATIENCE = '[frontends.timeouts]\nkeep_alive = "1h"\n';

/** Addresses of this machine that the origin listens on: a server each. */
export const ORIGIN_ADDRESSES = Array.from(
  { length: Math.max(...SERVERS) },
  (_, i) => `127.0.${1 + Math.floor(i / 250)}.${1 + i % 250}`,
);

/** What may grow: routes, servers with each policy, and clients that say nothing. */
export function growthTrials(runtimes: readonly Runtime[]): Trial[] {
  return runtimes.flatMap((runtime) => [
    grow(runtime, "routes", ROUTES, (count) => ({
      config: (place) => sluiceConfig(place, { frontend: routeTables(count) }),
    })),
    ...POLICIES.map((policy) =>
      grow(runtime, `servers, ${policy}`, SERVERS, (count) => ({
        config: (place) => serversConfig(place, policy, count),
      }))
    ),
    grow(runtime, "idle connections", IDLE_CONNECTIONS, (count) => ({
      config: (place) => sluiceConfig(place, { sections: MANY_CLIENTS, frontend: PATIENCE }),
      idleConnections: count,
    })),
  ]);
}

/** What the kernel and cold caches make of many servers, whoever asks them. */
export const NGINX_GROWTH: Trial = {
  title: "Growth of nginx: servers, in turn",
  contestants: SERVERS.map((count) => ({
    ...nginxContestant(ORIGIN_ADDRESSES.slice(0, count)),
    name: `nginx-${count}`,
    title: `servers: ${count.toLocaleString("en")}`,
  })),
};

function grow(
  runtime: Runtime,
  what: string,
  counts: readonly number[],
  withCount: (count: number) => Pick<Contestant, "config" | "idleConnections">,
): Trial {
  return {
    title: `Growth on ${RUNTIME_TITLES[runtime]}: ${what}`,
    contestants: counts.map((count) => ({
      name: `${runtime}-${count}`,
      title: `${what}: ${count.toLocaleString("en")}`,
      ...on(runtime),
      ...withCount(count),
    })),
  };
}

function serversConfig(place: Place, policy: string, count: number): string {
  return sluiceConfig(place, {
    servers: ORIGIN_ADDRESSES.slice(0, count).map((address) => `http://${address}:${place.originPort}`),
    backend: `balance = "${policy}"\n${KEEP_ALIVE}${policy === "latency" ? PROBES : ""}`,
  });
}
