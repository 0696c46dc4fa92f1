import { resolve } from "node:path";
import type { Contestant, Place } from "./contestant.ts";
import { executablePath } from "./executable-path.ts";
import { nginxConfig } from "./nginx-config.ts";
import { on } from "./on-runtime.ts";
import { ROOT } from "./root.ts";
import { loggingConfig, sluiceConfig, tracingConfig } from "./sluice-config.ts";

/** Sluice as it is in another checkout, with node_modules of its own: what a change did is seen in one run. */
export function earlierContestants(checkout: string): Contestant[] {
  const root = `${resolve(checkout)}/`;
  return [
    { name: "bun-before", title: "Sluice on Bun, before", config: leastConfig, ...on("bun", root) },
    { name: "deno-before", title: "Sluice on Deno, before", config: leastConfig, ...on("deno", root) },
  ];
}

/** nginx in front of the origin, or of `addresses` of it, in turn. */
export function nginxContestant(addresses: readonly string[] = ["127.0.0.1"]): Contestant {
  return {
    name: "nginx",
    title: "nginx",
    remedy: "apt-get install nginx",
    executable: () => executablePath("nginx"),
    versionArgs: ["-v"],
    config: (place) => nginxConfig(place.directory, nginxProxy(place, addresses)),
    args: (configPath, { directory }) => ["-p", directory, "-e", "stderr", "-c", configPath],
  };
}

/** Proxies that keep answers: each has one request answered by the origin, and all others by itself. */
export const CACHE_CONTESTANTS: readonly Contestant[] = [
  {
    ...nginxContestant(),
    name: "nginx-cache",
    title: "nginx, proxy_cache",
    mode: "cache",
    config: (place) => nginxConfig(place.directory, nginxCache(place)),
  },
  { name: "bun-cache", title: "Sluice on Bun, cache", mode: "cache", config: cacheConfig, ...on("bun") },
  { name: "deno-cache", title: "Sluice on Deno, cache", mode: "cache", config: cacheConfig, ...on("deno") },
];

function cacheConfig(place: Place): string {
  return sluiceConfig(place, { frontend: "cache = true" });
}

/** Files of the cache stay open, so that a hit is no more than a lookup and a sendfile. */
function nginxCache(place: Place): string {
  const keeps = `proxy_cache kept;
      proxy_cache_key $scheme$http_host$request_uri;`;
  return `
  proxy_cache_path ${place.directory}/kept levels=1:2 keys_zone=kept:1m max_size=64m;
  open_file_cache max=1000;
  ${nginxProxy(place, ["127.0.0.1"]).replace("location / {", `location / {\n      ${keeps}`)}`;
}

/** Every reverse proxy, in the order of the report. */
export const REVERSE_CONTESTANTS: readonly Contestant[] = [
  nginxContestant(),
  {
    name: "haproxy",
    title: "HAProxy",
    remedy: "apt-get install haproxy",
    executable: () => executablePath("haproxy"),
    versionArgs: ["-v"],
    config: haproxyConfig,
    args: (configPath) => ["-db", "-f", configPath],
  },
  {
    name: "caddy",
    title: "Caddy",
    remedy: "apt-get install caddy",
    executable: () => executablePath("caddy"),
    versionArgs: ["version"],
    config: caddyConfig,
    args: (configPath) => ["run", "--adapter", "caddyfile", "--config", configPath],
    env: ({ directory }) => ({
      GOMAXPROCS: "1",
      HOME: directory,
      XDG_CONFIG_HOME: directory,
      XDG_DATA_HOME: directory,
    }),
  },
  { name: "bun", title: "Sluice on Bun", config: leastConfig, ...on("bun"), before: "bun-before" },
  { name: "deno", title: "Sluice on Deno", config: leastConfig, ...on("deno"), before: "deno-before" },
  {
    name: "binary",
    title: "Sluice binary",
    scenarios: ["small", "browser"],
    remedy: "npm run build",
    executable: () => executablePath("dist/sluice", [ROOT]),
    versionArgs: ["--version"],
    config: leastConfig,
    args: (configPath) => ["run", "-c", configPath],
  },
  {
    name: "bun-log",
    title: "Sluice on Bun, log and metrics",
    config: loggingConfig,
    ...on("bun"),
    scenarios: ["small", "browser"],
  },
  {
    name: "deno-log",
    title: "Sluice on Deno, log and metrics",
    config: loggingConfig,
    ...on("deno"),
    scenarios: ["small", "browser"],
  },
  {
    name: "bun-traced",
    title: "Sluice on Bun, 1 % traced",
    config: tracingConfig,
    ...on("bun"),
    scenarios: ["small", "browser"],
    before: "bun",
  },
  {
    name: "deno-traced",
    title: "Sluice on Deno, 1 % traced",
    config: tracingConfig,
    ...on("deno"),
    scenarios: ["small", "browser"],
    before: "deno",
  },
];

function leastConfig(place: Place): string {
  return sluiceConfig(place);
}

/**
 * nginx streams bodies like the others instead of spilling them to files, and reads into buffers of HAProxy's
 * size: with its default of 4 KiB the 100 KiB answer costs more than twice as much, which would flatter everybody
 * who is compared with it. The forwarded fields are those that Sluice sets.
 */
function nginxProxy({ port, originPort, connections }: Place, addresses: readonly string[]): string {
  return `
  upstream origin {
    ${addresses.map((address) => `server ${address}:${originPort};`).join("\n    ")}
    keepalive ${connections * 2 * addresses.length};
    keepalive_requests 100000000;
    keepalive_timeout 1h;
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 0;
    client_body_buffer_size 128k;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      proxy_buffer_size 16k;
      proxy_buffers 8 16k;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }
  }`;
}

function haproxyConfig({ port, originPort, connections }: Place): string {
  return `
global
  nbthread 1
  maxconn ${connections * 4 + 100}
defaults
  mode http
  timeout connect 3s
  timeout client 1h
  timeout server 1h
  option forwardfor
  http-reuse always
frontend web
  bind 127.0.0.1:${port}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  default_backend origin
backend origin
  server origin 127.0.0.1:${originPort}
`;
}

/** Caddy adds the three forwarded fields by itself. */
function caddyConfig({ port, originPort, connections }: Place): string {
  return `
{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${originPort} {
    transport http {
      keepalive 1h
      keepalive_idle_conns ${connections * 2}
      keepalive_idle_conns_per_host ${connections * 2}
    }
  }
}
`;
}
