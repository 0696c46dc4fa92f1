import type { Kept } from "../base/kept.ts";
import { Backend, type BackendParts } from "../backend/backend.ts";
import type { Config } from "../config/schema.ts";
import { parseServerUrl } from "../config/sections/server.ts";
import { originPattern } from "./origin-pattern.ts";

/** Connections to one origin at a time; who wants another one waits. */
const MAX_CONNECTIONS = 128;

/** What origins are made with. */
export interface StageOriginParts extends Omit<BackendParts, "before" | "standings" | "probes"> {
  readonly config: Config;
  readonly kept: Kept;
}

/**
 * The origin that a stage asks by its URL, without path: a backend of one server that nobody probes, and what `[defaults]`
 * says of times. It lives on through reloads, with its connections, while some stage asks it.
 */
export function stageOrigin(origin: string, { config, kept, ...parts }: StageOriginParts): Backend {
  const pattern = originPattern(config);
  const [server] = pattern.servers;
  const own = {
    ...pattern,
    name: origin,
    servers: [{ ...server!, ...parseServerUrl(origin), maxConnections: MAX_CONNECTIONS }],
  };
  const madeOf = { own, limits: parts.limits, resolver: config.resolver };
  return kept.take(`origin ${origin}`, madeOf, () => new Backend(own, parts));
}
