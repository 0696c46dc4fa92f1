import type { Log } from "../base/log.ts";
import type { Exchange } from "../message/exchange.ts";

/**
 * Writes the line of one finished exchange; `now` on the clock of `performance.now()`. The status 499 stands for a
 * client that left before an answer.
 */
export function logAccess(log: Log, frontend: string, exchange: Exchange, now: number): void {
  const { peer, client, fields } = exchange;
  log.access({
    frontend,
    client: client || "unix",
    peer: peer.address === client ? undefined : peer.address || "unix",
    user: exchange.user,
    method: exchange.method || "-",
    host: exchange.authority || "-",
    target: exchange.target || "-",
    protocol: exchange.minorVersion === 1 ? "HTTP/1.1" : "HTTP/1.0",
    status: exchange.status || 499,
    reason: exchange.reason,
    detail: exchange.detail,
    backend: exchange.backend,
    server: exchange.server,
    attempts: exchange.attempts,
    tried: exchange.tried,
    bytes_in: exchange.bytesIn,
    bytes_out: exchange.bytesOut,
    elapsed_ms: Math.round((now - exchange.startedAt) * 10) / 10,
    request_id: exchange.requestId,
    user_agent: fields?.get("user-agent"),
  });
}
