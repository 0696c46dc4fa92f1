import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { executablePath } from "./executable-path.ts";
import { nginxConfig } from "./nginx-config.ts";
import type { Mode } from "./scenarios.ts";

/** Root of the checkout. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Where one proxy listens and forwards to. */
export interface Place {
  /** Its own folder; nothing is written outside it. */
  directory: string;
  port: number;
  originPort: number;
  /** For an admin listener, where the configuration has one. */
  adminPort: number;
  /** Connections that the load keeps open; pools hold at least twice as many. */
  connections: number;
}

/** One proxy in the race, and how to start it with a single worker, keep-alive on both sides; without logs if not said. */
export interface Contestant {
  /** What `--only` accepts. */
  name: string;
  title: string;
  /** `reverse` without it. */
  mode?: Mode;
  /** What to do when `executable` finds nothing. */
  remedy: string;
  executable(): string | undefined;
  /** Arguments that print the version. */
  versionArgs: readonly string[];
  config(place: Place): string;
  args(configPath: string, place: Place): readonly string[];
  env?(place: Place): Record<string, string>;
  /** Kinds of failures that it has by design, as `LoadResult` calls them. */
  toleratedFailures?: readonly string[];
  /** Names of the scenarios that it takes part in; all of its mode without it. */
  scenarios?: readonly string[];
}

/** How a runtime is found and started on Sluice's source at `root`, a path that ends in a slash. */
export function on(
  runtime: "bun" | "deno",
  root = ROOT,
): Pick<Contestant, "remedy" | "executable" | "versionArgs" | "args" | "env"> {
  return {
    remedy: "npm install",
    executable: () => executablePath(runtime, [`${ROOT}node_modules/.bin`]),
    versionArgs: ["--version"],
    // Without --no-lock a measurement would write deno.lock into the checkout.
    args: (configPath) => [
      ...(runtime === "deno" ? ["run", "-A", "--no-lock"] : []),
      `${root}src/main.ts`,
      "run",
      "-c",
      configPath,
    ],
    env: () => ({ DENO_NO_UPDATE_CHECK: "1" }),
  };
}

/** Sluice as it is in another checkout, with node_modules of its own: what a change did is seen in one run. */
export function earlierContestants(checkout: string): Contestant[] {
  const root = `${resolve(checkout)}/`;
  return [
    { name: "bun-before", title: "Sluice on Bun, before", config: sluiceConfig, ...on("bun", root) },
    { name: "deno-before", title: "Sluice on Deno, before", config: sluiceConfig, ...on("deno", root) },
  ];
}

/** Every reverse proxy, in the order of the report. */
export const CONTESTANTS: readonly Contestant[] = [
  {
    name: "nginx",
    title: "nginx",
    remedy: "apt-get install nginx",
    executable: () => executablePath("nginx"),
    versionArgs: ["-v"],
    config: (place) => nginxConfig(place.directory, nginxProxy(place)),
    args: (configPath, { directory }) => ["-p", directory, "-e", "stderr", "-c", configPath],
  },
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
  { name: "bun", title: "Sluice on Bun", config: sluiceConfig, ...on("bun") },
  { name: "deno", title: "Sluice on Deno", config: sluiceConfig, ...on("deno") },
  {
    name: "binary",
    title: "Sluice binary",
    scenarios: ["small"],
    remedy: "npm run build",
    executable: () => executablePath("dist/sluice", [ROOT]),
    versionArgs: ["--version"],
    config: sluiceConfig,
    args: (configPath) => ["run", "-c", configPath],
  },
  onBun("bun-log", "Sluice on Bun, log and metrics", loggingConfig),
  onBun("bun-10", "Sluice on Bun, 10 routes", (place) => routesConfig(place, 10)),
  onBun("bun-10k", "Sluice on Bun, 10,000 routes", (place) => routesConfig(place, 10_000)),
];

/** Another configuration on Bun, for the small answer only. */
function onBun(name: string, title: string, config: Contestant["config"]): Contestant {
  return { name, title, config, ...on("bun"), scenarios: ["small"] };
}

/**
 * nginx streams bodies like the others instead of spilling them to files, and reads into buffers of HAProxy's
 * size: with its default of 4 KiB the 100 KiB answer costs more than twice as much, which would flatter everybody
 * who is compared with it. The forwarded fields are those that Sluice sets.
 */
function nginxProxy({ port, originPort, connections }: Place): string {
  return `
  upstream origin {
    server 127.0.0.1:${originPort};
    keepalive ${connections * 2};
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

function sluiceConfig({ port, originPort }: Place): string {
  return `
[log]
level = "warn"
access = false

[[frontends]]
bind = "127.0.0.1:${port}"
default_backend = "origin"

[backends.origin]
servers = ["http://127.0.0.1:${originPort}"]
`;
}

/** As a newcomer has it, with the admin listener: a JSON line per request, into a file, and metrics. */
function loggingConfig({ port, originPort, adminPort }: Place): string {
  return `
[admin]
bind = "127.0.0.1:${adminPort}"

[[frontends]]
bind = "127.0.0.1:${port}"
default_backend = "origin"

[backends.origin]
servers = ["http://127.0.0.1:${originPort}"]
`;
}

/**
 * Routes of the host that is asked for, of wildcards and of any host, a third each, and the one that the request takes:
 * what is measured walks through all three tables.
 */
function routesConfig({ port, originPort }: Place, count: number): string {
  const hosts = ['host = "127.0.0.1"', 'host = "*.example"', ""];
  const routes = Array.from({ length: count - 1 }, (_, i) => `
  [[frontends.routes]]
  ${hosts[i % 3]}
  path_prefix = "/path/number-${i}"
  backend = "nowhere"
`);
  return `
[log]
level = "warn"
access = false

[[frontends]]
bind = "127.0.0.1:${port}"
${routes.join("")}
  [[frontends.routes]]
  path_prefix = "/small"
  backend = "origin"

[backends.origin]
servers = ["http://127.0.0.1:${originPort}"]

[backends.nowhere]
servers = ["http://127.0.0.1:9"]
`;
}
