import { formatDuration } from "../base/units.ts";
import type { FrontendConfig } from "../config/frontend.ts";
import type { Config } from "../config/schema.ts";
import { print } from "../net/stdout.ts";
import { DEFAULT_RELAY } from "../lifecycle/relay-frontend.ts";
import { locateConfig } from "./locate.ts";

/** Loads a config as `run` would and prints what it describes. Throws a ConfigError where it is not valid. */
export async function check(path: string | undefined): Promise<void> {
  const { source, config } = locateConfig(path);
  await print(`${source} is valid.\n${summary(config)}`);
}

function summary(config: Config): string {
  const lines = config.frontends.flatMap(frontendLines);
  for (const backend of Object.values(config.backends)) {
    const kind = backend.protocol === "proxy" ? "proxies" : `Host ${backend.hostHeader}`;
    lines.push(`backend ${backend.name}: ${backend.balance}, ${kind}`);
    for (const { url, weight, priority, maxConnections } of backend.servers) {
      const limit = orUnlimited(maxConnections);
      lines.push(`  ${url} (weight ${weight}, priority ${priority}, connections ${limit})`);
    }
  }
  lines.push(`admin: ${config.admin?.bind.text ?? "none"}`);
  if (config.metrics.enabled) lines.push(`metrics on every frontend but relays: ${config.metrics.path}`);
  lines.push(`client connections: ${orUnlimited(config.limits.maxConnections)}`);
  lines.push(`drain timeout: ${formatDuration(config.shutdown.drainTimeout)}`);
  return lines.join("\n") + "\n";
}

function frontendLines(frontend: FrontendConfig): string[] {
  const { name, mode, bind } = frontend;
  return [
    `frontend ${name}: ${bind.map(({ text }) => text).join(", ")} (${mode})`,
    ...(mode === "relay" ? relayLines(frontend) : reverseLines(frontend)),
  ];
}

function reverseLines({ rules, routes, defaultBackend }: FrontendConfig): string[] {
  return [
    ...rules.map((rule) => `  if ${rule.if?.text} -> ${rule.backend}`),
    ...routes.map(({ host, pathPrefix, prefixMatch, backend }) =>
      `  ${host ?? "*"}${pathPrefix}${prefixMatch === "raw" ? "…" : ""} -> ${backend}`
    ),
    `  everything else -> ${defaultBackend ?? "404"}`,
  ];
}

/** Which way a relay goes, and for whom; of its users only how many. */
function relayLines({ relay = DEFAULT_RELAY, defaultBackend = STRAIGHT }: FrontendConfig): string[] {
  const { domainPolicy: { mode, domains }, users, connectPorts, deny, allowPrivate } = relay;
  const ways = mode === "blacklist" ? [STRAIGHT, defaultBackend] : [defaultBackend, STRAIGHT];
  return [
    ...(mode === "off" ? [`  everything -> ${defaultBackend}`] : [
      `  ${domains.length} listed domains -> ${ways[0]}`,
      `  everything else -> ${ways[1]}`,
    ]),
    `  users: ${Object.keys(users).length || "not asked for"}`,
    `  tunnels to ports: ${connectPorts.join(", ") || "none"}`,
    `  denied targets: ${deny.length || "none"}`,
    `  private addresses: ${allowPrivate.length === 0 ? "refused" : `${allowPrivate.length} blocks open`}`,
  ];
}

/** Where requests go that need no parent. */
const STRAIGHT = "straight to the target";

function orUnlimited(limit: number): string {
  return limit === 0 ? "unlimited" : String(limit);
}
