import { formatDuration } from "../base/units.ts";
import type { FrontendConfig } from "../config/frontend.ts";
import type { Config } from "../config/schema.ts";
import { print } from "../net/stdout.ts";
import { locateConfig } from "./locate.ts";

/** Loads a config as `run` would and prints what it describes. Throws a ConfigError where it is not valid. */
export async function check(path: string | undefined): Promise<void> {
  const { source, config } = locateConfig(path);
  await print(`${source} is valid.\n${summary(config)}`);
}

function summary(config: Config): string {
  const lines = config.frontends.flatMap(frontendLines);
  for (const backend of Object.values(config.backends)) {
    lines.push(`backend ${backend.name}: ${backend.balance}, Host ${backend.hostHeader}`);
    for (const { url, weight, priority, maxConnections } of backend.servers) {
      const limit = orUnlimited(maxConnections);
      lines.push(`  ${url} (weight ${weight}, priority ${priority}, connections ${limit})`);
    }
  }
  lines.push(`admin: ${config.admin?.bind.text ?? "none"}`);
  if (config.metrics.enabled) lines.push(`metrics on every frontend: ${config.metrics.path}`);
  lines.push(`client connections: ${orUnlimited(config.limits.maxConnections)}`);
  lines.push(`drain timeout: ${formatDuration(config.shutdown.drainTimeout)}`);
  return lines.join("\n") + "\n";
}

function frontendLines({ name, mode, bind, rules, routes, defaultBackend }: FrontendConfig): string[] {
  return [
    `frontend ${name}: ${bind.map(({ text }) => text).join(", ")} (${mode})`,
    ...rules.map((rule) => `  if ${rule.if.text} -> ${rule.backend}`),
    ...routes.map(({ host, pathPrefix, prefixMatch, backend }) =>
      `  ${host ?? "*"}${pathPrefix}${prefixMatch === "raw" ? "…" : ""} -> ${backend}`
    ),
    `  everything else -> ${defaultBackend ?? "404"}`,
  ];
}

function orUnlimited(limit: number): string {
  return limit === 0 ? "unlimited" : String(limit);
}
