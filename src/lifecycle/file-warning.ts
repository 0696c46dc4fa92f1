import type { Log } from "../base/log.ts";
import type { LimitsConfig } from "../config/sections/limits.ts";
import { OPEN_FILES } from "../net/open-files.ts";

/** Warns of a config that takes more clients than there are files for, each with a connection to a server. */
export function warnOfFiles({ maxConnections = 0 }: LimitsConfig, log: Log): void {
  const { limit, shares: { clients } } = OPEN_FILES;
  if (limit === undefined || maxConnections <= clients) return;
  log.warn("files_short", { limit, max_connections: maxConnections, enough_for: clients });
}
