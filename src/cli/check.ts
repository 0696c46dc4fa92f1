import process from "node:process";
import { formatDuration } from "../base/units.ts";
import { loadConfigFile } from "../config/load.ts";
import type { Config } from "../config/schema.ts";

/** Loads the config at `path` and prints what it describes. Throws a ConfigError where it is not valid. */
export function check(path: string): void {
  process.stdout.write(`${path} is valid.\n${summary(loadConfigFile(path))}`);
}

function summary(config: Config): string {
  const lines: string[] = [];
  for (const frontend of config.frontends) {
    lines.push(`frontend ${frontend.name}: ${frontend.bind.map((bind) => bind.text).join(", ")}`);
    for (const route of frontend.routes) {
      lines.push(`  ${route.host ?? "*"}${route.pathPrefix} -> ${route.backend}`);
    }
    lines.push(`  everything else -> ${frontend.defaultBackend ?? "404"}`);
  }
  for (const backend of Object.values(config.backends)) {
    lines.push(`backend ${backend.name}: ${backend.balance}, Host ${backend.hostHeader}`);
    for (const server of backend.servers) {
      const limit = server.maxConnections === 0 ? "unlimited" : String(server.maxConnections);
      lines.push(`  ${server.url} (weight ${server.weight}, connections ${limit})`);
    }
  }
  lines.push(`drain timeout: ${formatDuration(config.shutdown.drainTimeout)}`);
  return lines.join("\n") + "\n";
}
