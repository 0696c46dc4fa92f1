import { isLoopback } from "../../../http/localhost.ts";
import { parseBind } from "../../values/bind.ts";
import { type DropInFormat, hasOwnShape, readBy } from "../format.ts";
import { countServers, Translation } from "../translation.ts";
import { type HttpProxyLbConfig, httpProxyLbSchema } from "./schema.ts";

/** Its keys at the top that no other format has. */
const KEYS = ["listen", "admin_listen", "reload_interval_secs", "access_log", "domain_policy", "upstream"];

const POLICIES = { round_robin: "roundrobin", best: "best", priority: "priority" } as const;

/** Time to open a connection, in both programs' words. */
const CONNECT = "15s";

/** Probes that a parent may fail before it is tried all the same. */
const EJECTION_PROBES = 2;

/** Longest ejection where probes are not further apart, in seconds. */
const MAX_EJECTION = 300;

/** The config of http-proxy-lb: a relay in front of parent proxies. */
export const HTTP_PROXY_LB: DropInFormat = {
  name: "http-proxy-lb",
  isMeant: (data) => hasOwnShape(data, KEYS),
  read: readBy(httpProxyLbSchema, translate),
};

function translate(written: HttpProxyLbConfig): Translation {
  const to = new Translation();
  const { limits, healthCheck, upstream } = written;
  to.set(["frontends", 0, "name"], "proxy");
  to.set(["frontends", 0, "mode"], "relay");
  to.set(["frontends", 0, "bind"], written.listen, ["listen"]);
  if (limits.requestTimeoutSecs > 0) {
    to.set(
      ["frontends", 0, "timeouts", "request_headers"],
      seconds(limits.requestTimeoutSecs),
      ["limits", "request_timeout_secs"],
    );
  }
  to.set(["frontends", 0, "relay", "allow_clients"], ["0.0.0.0/0", "::/0"]);
  to.set(["frontends", 0, "relay", "connect_ports"], "all");
  if (upstream.length > 0) {
    to.set(["frontends", 0, "relay", "allow_private"], true);
    to.set(["frontends", 0, "default_backend"], "upstream", ["upstream"]);
    addPolicy(to, written);
    addParents(to, written);
  }
  to.set(["defaults", "timeouts", "connect"], CONNECT);
  to.set(
    ["defaults", "timeouts", "response"],
    seconds(limits.requestTimeoutSecs),
    ["limits", "request_timeout_secs"],
  );
  if (limits.maxConnections > 0) {
    to.set(["limits", "max_connections"], limits.maxConnections, ["limits", "max_connections"]);
  }
  to.set(["shutdown", "drain_timeout"], seconds(limits.shutdownTimeoutSecs), [
    "limits",
    "shutdown_timeout_secs",
  ]);
  to.set(["reload_interval"], seconds(written.reloadIntervalSecs), ["reload_interval_secs"]);
  to.set(["log", "access"], written.accessLog, ["access_log"]);
  to.set(["metrics", "compat"], true);
  if (written.adminListen !== undefined) addAdmin(to, written.adminListen);
  addDifferences(to, written, seconds(EJECTION_PROBES * healthCheck.intervalSecs));
  return to;
}

function addPolicy(to: Translation, { domainPolicy: { mode, domains } }: HttpProxyLbConfig): void {
  const policy = ["frontends", 0, "relay", "domain_policy"];
  to.set([...policy, "mode"], mode, ["domain_policy", "mode"]);
  const named = domains.flatMap((text, i) => text === undefined ? [] : [{ text, i }]);
  to.set([...policy, "domains"], [], ["domain_policy", "domains"]);
  named.forEach(({ text, i }, at) =>
    to.set([...policy, "domains", at], text, ["domain_policy", "domains", i])
  );
}

function addParents(to: Translation, { mode, upstream, healthCheck }: HttpProxyLbConfig): void {
  const backend = ["backends", "upstream"];
  const { intervalSecs, timeoutSecs } = healthCheck;
  to.set([...backend, "protocol"], "proxy", ["upstream"]);
  to.set([...backend, "balance"], POLICIES[mode], ["mode"]);
  const weighted = upstream.map((parent) => ({ ...parent, weight: Math.max(1, parent.weight) }));
  countServers(weighted).forEach(({ server, weight, position }, i) => {
    const from = ["upstream", position];
    const at = [...backend, "servers", i];
    to.set([...at, "url"], server.url, [...from, "url"]);
    if (weight !== 1) to.set([...at, "weight"], weight, [...from, "weight"]);
    if (server.priority !== 100) to.set([...at, "priority"], server.priority, [...from, "priority"]);
    const { username, password } = server;
    if (username !== undefined && password !== undefined) {
      to.set([...at, "username"], username, [...from, "username"]);
      to.set([...at, "password"], password, [...from, "password"]);
    } else if (username !== undefined || password !== undefined) {
      to.differs(`upstream[${position}] has one of username and password, so it is asked without both`);
    }
  });
  // Its probes let parents back in that requests have found dead; they take none out.
  to.set([...backend, "health_check", "when"], "ejected", ["health_check"]);
  to.set([...backend, "health_check", "interval"], seconds(intervalSecs), ["health_check", "interval_secs"]);
  to.set([...backend, "health_check", "timeout"], seconds(timeoutSecs), ["health_check", "timeout_secs"]);
  to.set([...backend, "health_check", "rise"], 1, ["health_check"]);
  const ejection = [...backend, "ejection"];
  const time = EJECTION_PROBES * intervalSecs;
  to.set([...ejection, "time"], seconds(time), ["health_check", "interval_secs"]);
  to.set([...ejection, "max_time"], seconds(Math.max(MAX_EJECTION, time)), [
    "health_check",
    "interval_secs",
  ]);
}

/** Its admin listener shows pages to everybody. Ours can change things as well, so that is for this machine alone. */
function addAdmin(to: Translation, bind: string): void {
  const address = parseBind(bind);
  const isOwn = address.kind === "tcp" && isLoopback(address.host);
  to.set(["admin", "bind"], bind, ["admin_listen"]);
  if (!isOwn) to.set(["admin", "pages_only"], true, ["admin_listen"]);
}

function addDifferences(to: Translation, written: HttpProxyLbConfig, ejection: string): void {
  const { limits, domainPolicy, upstream } = written;
  const hasParents = upstream.length > 0;
  const allowed = hasParents ? "client, port and private address" : "client and port";
  to.differs(
    `every ${allowed} is allowed, as there; sluice convert makes it a file of ours, ` +
      "where [frontends.relay] can narrow that",
  );
  to.differs(
    "with no upstream everything goes straight to its target, in place of a 502; private addresses are refused",
    !hasParents,
  );
  to.differs(
    "without an upstream domain_policy has nothing to choose from, and is left out",
    !hasParents && domainPolicy.mode !== "off",
  );
  to.differs(
    "domain_policy: entries with nothing behind their prefix match nothing",
    domainPolicy.domains.includes(undefined),
  );
  to.differs("no upstream that may be asked is answered 503, in place of 502", hasParents);
  to.differs(
    "a request goes on to another upstream only where it cannot have had an effect, and with its whole body",
    hasParents,
  );
  to.differs(
    "an upstream that fails late is out after 5 failures in a row, one that refuses a connection at once; " +
      "at most half of them, and never the last",
    hasParents,
  );
  to.differs(
    `an upstream that is out is tried again after ${ejection}, even where the probed address cannot be reached`,
    hasParents,
  );
  to.differs(
    "request_timeout_secs ends the wait for a head, never a tunnel or a body",
    limits.requestTimeoutSecs > 0,
  );
  to.differs("a body that stands still for 60s, and a tunnel that is silent for 1h, are cut");
  to.differs("Via is added to what passes, and a request that comes round in a loop is refused");
  to.differs("a reload takes over every key but the addresses, which may change as well");
  to.differs(
    "admin_listen shows /health, /ready, /metrics and /status alone, as others than this machine reach it",
    (to.data["admin"] as { pages_only?: true } | undefined)?.pages_only === true,
  );
}

function seconds(count: number): string {
  return `${count}s`;
}
