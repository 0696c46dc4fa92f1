import { z } from "zod";
import { type DropInFormat, hasOwnShape, readBy } from "../format.ts";
import { countServers, Translation } from "../translation.ts";
import { listenAddress, MAX_SECONDS, serverAddress } from "../values.ts";
import { section } from "../../sections/section.ts";
import { choice, list, wholeNumber } from "../../values/value-types.ts";
import { pathPrefix, target } from "../../values/paths.ts";

/** Its keys at the top. */
const KEYS = ["listen_addr", "shutdown_timeout", "routes"];

/** What its probes may take. */
const PROBE_TIMEOUT = "5s";

const POLICIES = { round_robin: "roundrobin", least_connections: "leastconn" } as const;

const routeSchema = section({
  /** An empty one is that of every path. */
  prefix: z.preprocess((written) => written === "" ? "/" : written, pathPrefix),
  backend_addrs: list(serverAddress, "a list of one or more addresses", 1),
  health_check: section({ path: target, interval_secs: wholeNumber(1, MAX_SECONDS) }),
  balancing_algorithm: choice(["round_robin", "least_connections"]),
});

/** Every key of reverse-proxy; none has a default. */
const schema = section({
  listen_addr: listenAddress,
  shutdown_timeout: wholeNumber(0, MAX_SECONDS),
  routes: list(routeSchema, "a list of routes"),
});

/** The config of reverse-proxy: routes by their path, each with servers of its own. */
export const REVERSE_PROXY: DropInFormat = {
  name: "reverse-proxy",
  isMeant: (data) => hasOwnShape(data, KEYS),
  read: readBy(schema, translate),
};

function translate({ listenAddr, shutdownTimeout, routes }: z.output<typeof schema>): Translation {
  const to = new Translation();
  to.set(["frontends", 0, "name"], "web");
  to.set(["frontends", 0, "bind"], listenAddr, ["listen_addr"]);
  to.set(["shutdown", "drain_timeout"], `${shutdownTimeout}s`, ["shutdown_timeout"]);
  const names = new Set<string>();
  let count = 0;
  routes.forEach((route, i) => {
    const winner = routes.findLastIndex(({ prefix }) => prefix === route.prefix);
    if (winner !== i) {
      return to.differs(
        `routes[${i}] is never reached: routes[${winner}] has its prefix, and the last one wins`,
      );
    }
    const name = nameOf(route.prefix, names);
    const from = ["routes", i];
    const at = ["frontends", 0, "routes", count++];
    to.set([...at, "path_prefix"], route.prefix, [...from, "prefix"]);
    to.set([...at, "backend"], name, [...from, "prefix"]);
    addBackend(to, route, { name, from });
  });
  if (count === 0) to.set(["frontends", 0, "routes", 0, "respond", "status"], 404, ["routes"]);
  addDifferences(to, routes);
  return to;
}

type Route = z.output<typeof routeSchema>;

function addBackend(
  to: Translation,
  { backendAddrs, healthCheck, balancingAlgorithm }: Route,
  { name, from }: { name: string; from: readonly PropertyKey[] },
): void {
  const backend = ["backends", name];
  to.set([...backend, "balance"], POLICIES[balancingAlgorithm], [...from, "balancing_algorithm"]);
  to.set([...backend, "host_header"], "rewrite", from);
  const servers = countServers(backendAddrs.map((address) => ({ url: `http://${address}`, weight: 1 })));
  servers.forEach(({ server, weight, position }, i) => {
    const at = [...backend, "servers", i];
    to.set([...at, "url"], server.url, [...from, "backend_addrs", position]);
    if (weight > 1) to.set([...at, "weight"], weight, [...from, "backend_addrs", position]);
  });
  const check = [...from, "health_check"];
  to.set([...backend, "health_check", "path"], healthCheck.path, [...check, "path"]);
  to.set([...backend, "health_check", "interval"], `${healthCheck.intervalSecs}s`, [
    ...check,
    "interval_secs",
  ]);
  to.set([...backend, "health_check", "timeout"], PROBE_TIMEOUT, check);
  to.set([...backend, "health_check", "rise"], 1, check);
  to.set([...backend, "health_check", "fall"], 1, check);
}

/** A name for the backend of a prefix: `api-v1` for `/api/v1`. */
function nameOf(prefix: string, taken: Set<string>): string {
  const words = prefix.match(/[A-Za-z0-9]+/g) ?? ["root"];
  let name = words.join("-");
  for (let i = 2; taken.has(name); i++) name = `${words.join("-")}-${i}`;
  taken.add(name);
  return name;
}

function addDifferences(to: Translation, routes: readonly Route[]): void {
  to.differs(
    "a prefix ends at a segment: /api takes /api and /api/x, not /apix",
    routes.some(({ prefix }) => !prefix.endsWith("/")),
  );
  to.differs(
    "a server that cannot be reached is answered 502, or 504, after another was tried; never by nothing",
  );
  to.differs("connecting may take 3s, and the head of an answer 30s");
  to.differs("servers get X-Forwarded-Proto, X-Forwarded-Host, X-Real-IP, X-Request-Id and Via besides");
  to.differs("WebSockets and other upgrades go through");
  to.differs(
    "a server that refuses connections is out at once, and one that fails 5 requests in a row for 10s or longer",
  );
  to.differs(
    "a request counts until the last byte of its answer, so that streams count for least_connections",
    routes.some(({ balancingAlgorithm }) => balancingAlgorithm === "least_connections"),
  );
}
