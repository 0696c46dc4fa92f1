import type { Place } from "./contestant.ts";

/** What a configuration says beyond the least, in lines of TOML. */
export interface ConfigParts {
  /** In place of the section that turns the log off. */
  log?: string;
  /** Whole sections. */
  sections?: string;
  /** Keys of the frontend, then its tables. */
  frontend?: string;
  /** Keys of the backend that leads to the origin, then its tables. */
  backend?: string;
  /** Its servers; the origin alone without it. */
  servers?: readonly string[];
}

/** The least: one frontend and one backend, nothing logged. */
export function sluiceConfig(place: Place, parts: ConfigParts = {}): string {
  const { log = '[log]\nlevel = "warn"\naccess = false\n', sections = "", frontend = "", backend = "" } =
    parts;
  const servers = parts.servers ?? [`http://127.0.0.1:${place.originPort}`];
  return `
${log}
${sections}
[[frontends]]
bind = "127.0.0.1:${place.port}"
default_backend = "origin"
${frontend}

[backends.origin]
servers = ${JSON.stringify(servers)}
${backend}
`;
}

/** As a newcomer has it, with the admin listener: a JSON line per request, into a file, and metrics. */
export function loggingConfig(place: Place): string {
  return sluiceConfig(place, { log: "", sections: adminSection(place) });
}

/** Of a hundred traces one is recorded, and sent to whatever listens where collectors do; the others are passed on. */
export function tracingConfig(place: Place): string {
  return sluiceConfig(place, { sections: "[tracing]\nsample_ratio = 0.01\n" });
}

/** The listener with the metrics, which are counted only where it is. */
export function adminSection({ adminPort }: Place): string {
  return `[admin]\nbind = "127.0.0.1:${adminPort}"\n`;
}

/**
 * Routes of the host that is asked for, of wildcards and of any host, a third each, and the one that the request takes:
 * what is measured walks through all three tables.
 */
export function routeTables(count: number): string {
  const hosts = ['host = "127.0.0.1"', 'host = "*.example"', ""];
  const others = Array.from({ length: count - 1 }, (_, i) => `
  [[frontends.routes]]
  ${hosts[i % 3]}
  path_prefix = "/path/number-${i}"
  respond = { status = 404 }
`);
  return `${others.join("")}
  [[frontends.routes]]
  path_prefix = "/"
  backend = "origin"
`;
}
