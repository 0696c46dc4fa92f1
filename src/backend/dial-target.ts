import type { ServerConfig } from "../config/server.ts";
import type { UpstreamTlsConfig } from "../config/tls.ts";
import type { DialTarget } from "../net/dial.ts";

/** Where connections to a server go, and how. */
export function dialTargetOf(server: ServerConfig, tls: UpstreamTlsConfig): DialTarget {
  return {
    host: server.host,
    port: server.port,
    socketPath: server.socketPath,
    tls: server.tls
      ? { serverName: tls.serverName ?? server.host, verify: tls.verify, ca: tls.ca }
      : undefined,
  };
}
