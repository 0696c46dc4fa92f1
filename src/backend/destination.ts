import type { UpstreamTlsConfig } from "../config/sections/tls.ts";
import type { DialDestination } from "../net/dial.ts";
import type { Member } from "./membership.ts";

/** Where connections to a server go, and how. */
export function destinationOf({ config, endpoints }: Member, tls: UpstreamTlsConfig): DialDestination {
  return {
    host: config.host,
    port: config.port,
    socketPath: config.socketPath,
    endpoints,
    tls: config.tls
      ? { serverName: tls.serverName ?? config.host, verify: tls.verify, ca: tls.ca }
      : undefined,
  };
}
