import type { Contestant, Place } from "./contestant.ts";
import { executablePath } from "./executable-path.ts";
import { on } from "./on-runtime.ts";

/** The forward proxies: straight to the origin, without cache, logs and passwords. */
export const RELAY_CONTESTANTS: readonly Contestant[] = [
  {
    name: "tinyproxy",
    title: "tinyproxy",
    mode: "relay",
    remedy: "apt-get install tinyproxy",
    executable: () => executablePath("tinyproxy"),
    versionArgs: ["-v"],
    config: tinyproxyConfig,
    args: (configPath) => ["-d", "-c", configPath],
    toleratedFailures: ["read"], // it closes behind every answer and does not say so; wrk finds out as it reads
  },
  {
    name: "squid",
    title: "squid",
    mode: "relay",
    remedy: "apt-get install squid",
    executable: () => executablePath("squid"),
    versionArgs: ["-v"],
    config: squidConfig,
    args: (configPath) => ["-N", "-d", "1", "-n", `bench${process.pid}`, "-f", configPath],
  },
  { name: "bun-relay", title: "Sluice relay on Bun", mode: "relay", config: relayConfig, ...on("bun") },
  { name: "deno-relay", title: "Sluice relay on Deno", mode: "relay", config: relayConfig, ...on("deno") },
];

function tinyproxyConfig({ port, connections }: Place): string {
  return `
Port ${port}
Listen 127.0.0.1
Timeout 3600
MaxClients ${connections * 4 + 100}
LogLevel Critical
`;
}

/** One process, and a memory cache that is not asked. */
function squidConfig({ directory, port }: Place): string {
  return `
http_port 127.0.0.1:${port}
visible_hostname bench
http_access allow all
cache deny all
access_log none
cache_log /dev/null
cache_store_log none
netdb_filename none
pid_filename none
pinger_enable off
coredump_dir ${directory}
client_idle_pconn_timeout 1 hour
server_idle_pconn_timeout 1 hour
shutdown_lifetime 0 seconds
`;
}

function relayConfig({ port, originPort }: Place): string {
  return `
[log]
level = "warn"
access = false

[[frontends]]
mode = "relay"
bind = "127.0.0.1:${port}"

[frontends.relay]
connect_ports = [${originPort}]
allow_private = ["127.0.0.1"]
`;
}
