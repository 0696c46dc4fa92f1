import { dirname } from "node:path";
import { formatDuration, formatSize } from "../base/units.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import { describePorts } from "../config/sections/relay.ts";
import { toCamelCase } from "../config/sections/section.ts";
import { STAGE_KEYS } from "../config/sections/stages.ts";
import type { LimitsConfig } from "../config/sections/limits.ts";
import type { Included } from "../config/problems/error.ts";
import type { ReadAs } from "../config/import/drop-in.ts";
import type { Config } from "../config/schema.ts";
import { ASSUMED_FILE_LIMIT, OPEN_FILES } from "../net/open-files.ts";
import { print } from "../net/stdout.ts";
import { MiddlewareModules } from "../lifecycle/middleware-modules.ts";
import { isOpenRelay } from "../lifecycle/open-relay.ts";
import { DEFAULT_RELAY } from "../lifecycle/relay-frontend.ts";
import { describeAction } from "./describe-action.ts";
import { describeBackend, orUnlimited } from "./describe-backend.ts";
import { faultWarnings } from "./fault-warnings.ts";
import { locateConfig } from "./locate.ts";
import { pathWarnings } from "./path-warnings.ts";
import { withMiddleware } from "./with-middleware.ts";

/** Included files that are named. */
const MAX_FILES_NAMED = 10;

/** Loads a config as `run` would and prints what it describes. Throws a ConfigError where it is not valid. */
export async function check(path: string | undefined): Promise<void> {
  const { source, config, file, readAs, included } = locateConfig(path);
  if (file !== undefined) await withMiddleware(config, file, new MiddlewareModules(dirname(file)));
  await print(
    `${source} is valid.\n${readAsLines(readAs).join("")}${includedLine(included)}${summary(config)}`,
  );
}

/** Of which files it is besides. */
function includedLine({ files }: Included): string {
  if (files.length === 0) return "";
  const more = files.length > MAX_FILES_NAMED ? ` and ${files.length - MAX_FILES_NAMED} more` : "";
  return `includes: ${files.slice(0, MAX_FILES_NAMED).join(", ")}${more}\n`;
}

/** As what a config was read that is not written in our keys. */
function readAsLines(readAs: ReadAs | undefined): string[] {
  if (readAs === undefined) return [];
  const { format, differences } = readAs;
  return [
    `read as the config of ${format}; what is not as it was there:\n`,
    ...differences.map((line) => `  - ${line}\n`),
  ];
}

function summary(config: Config): string {
  const lines = config.frontends.flatMap(frontendLines);
  lines.push(...Object.values(config.backends).flatMap(describeBackend));
  lines.push(`admin: ${config.admin?.bind.text ?? "none"}`);
  if (config.metrics.enabled) lines.push(`metrics on every frontend but relays: ${config.metrics.path}`);
  lines.push(`limits: ${describeLimits(config.limits)}`);
  if (config.tests.length > 0) lines.push(`tests: ${config.tests.length} passed`);
  lines.push(`drain timeout: ${formatDuration(config.shutdown.drainTimeout)}`);
  return lines.join("\n") + "\n";
}

function frontendLines(frontend: FrontendConfig): string[] {
  const { name, mode, bind, maxConnections } = frontend;
  const stages = STAGE_KEYS.filter((key) => frontend[toCamelCase(key)] !== undefined);
  return [
    `frontend ${name}: ${bind.map(({ text }) => text).join(", ")} (${mode})`,
    ...(maxConnections === 0 ? [] : [`  clients: up to ${maxConnections}`]),
    ...(stages.length === 0 ? [] : [`  before all: ${stages.join(", ")}`]),
    ...(mode === "relay" ? relayLines(frontend) : [
      ...reverseLines(frontend),
      ...pathWarnings(frontend),
      ...faultWarnings(frontend),
    ]),
  ];
}

function reverseLines({ rules, routes, defaultBackend }: FrontendConfig): string[] {
  const always = rules.findIndex((rule) => rule.if === undefined);
  const reached = always === -1 ? rules : rules.slice(0, always + 1);
  const rest = [
    ...routes.map(({ host, pathPrefix, prefixMatch, ...action }) =>
      `  ${host ?? "*"}${pathPrefix}${prefixMatch === "raw" ? "…" : ""} -> ${describeAction(action)}`
    ),
    `  everything else -> ${defaultBackend ?? "404"}`,
  ];
  const unreached = rules.length - reached.length + routes.length;
  return [
    ...reached.map((rule) =>
      `  ${rule.if === undefined ? "always" : `if ${rule.if.text}`} -> ${describeAction(rule)}`
    ),
    ...(always === -1
      ? rest
      : unreached === 0
      ? []
      : [`  never reached: ${unreached} of the rules and routes`]),
  ];
}

/** Which way a relay goes, and for whom; of its users only how many. */
function relayLines(frontend: FrontendConfig): string[] {
  const { relay = DEFAULT_RELAY, defaultBackend = STRAIGHT } = frontend;
  const { domainPolicy: { mode, domains }, users, deny, allowPrivate } = relay;
  const ways = mode === "blacklist" ? [STRAIGHT, defaultBackend] : [defaultBackend, STRAIGHT];
  return [
    ...(mode === "off" ? [`  everything -> ${defaultBackend}`] : [
      `  ${domains.length} listed domains -> ${ways[0]}`,
      `  everything else -> ${ways[1]}`,
    ]),
    `  users: ${Object.keys(users).length || "not asked for"}`,
    `  tunnels to ports: ${describePorts(relay)}`,
    `  denied targets: ${deny.length || "none"}`,
    `  private addresses: ${allowPrivate.length === 0 ? "refused" : `${allowPrivate.length} blocks open`}`,
    ...(isOpenRelay(frontend) ? [OPEN_RELAY] : []),
  ];
}

const OPEN_RELAY = "  warning: an open relay: whoever reaches its address may use it, without a password";

/** Where requests go that need no parent. */
const STRAIGHT = "straight to the target";

function clientLimit(most: number | undefined): string {
  if (most !== undefined) return orUnlimited(most);
  const limit = OPEN_FILES.limit ?? `unknown, ${ASSUMED_FILE_LIMIT} is assumed`;
  return `${OPEN_FILES.shares.clients} (by the limit of open files, ${limit})`;
}

function describeLimits(
  { headerSize, headerCount, targetSize, bodySize, maxConnections, maxConnectionsPerClient }: LimitsConfig,
): string {
  return [
    `${clientLimit(maxConnections)} client connections`,
    ...(maxConnectionsPerClient === 0 ? [] : [`${maxConnectionsPerClient} of one client`]),
    `heads of ${formatSize(headerSize)} in ${headerCount} fields`,
    `targets of ${formatSize(targetSize)}`,
    `bodies ${bodySize === undefined ? "unlimited" : `of ${formatSize(bodySize)}`}`,
  ].join(", ");
}
