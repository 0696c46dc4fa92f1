import type { Log } from "../base/log.ts";
import type { Exchange } from "../message/exchange.ts";

/** Writes the line of one finished exchange. The status 499 stands for a client that left before an answer. */
export function logAccess(log: Log, frontend: string, exchange: Exchange): void {
  log.info("access", {
    frontend,
    client: exchange.peer.address || "unix",
    method: exchange.method || "-",
    host: exchange.authority || "-",
    target: exchange.target || "-",
    status: exchange.status || 499,
    reason: exchange.reason,
    detail: exchange.detail,
    backend: exchange.backend,
    server: exchange.server,
    attempts: exchange.attempts,
    bytes_in: exchange.bytesIn,
    bytes_out: exchange.bytesOut,
    ms: Math.round((performance.now() - exchange.startedAt) * 10) / 10,
  });
}
