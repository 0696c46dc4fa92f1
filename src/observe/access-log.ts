import type { Log } from "../base/log.ts";
import type { JsonPart } from "../base/json-lines.ts";
import type { LogConfig } from "../config/sections/log.ts";
import type { Exchange } from "../message/exchange.ts";
import { lineOpening, writeAccessLine } from "./access-line.ts";
import { LoggedHeaders } from "./logged-headers.ts";

/** Where lines of finished exchanges go, and what they show. */
export interface AccessLog {
  readonly log: Log;
  readonly frontend: string;
  /** How lines begin, where they are JSON. */
  readonly opening: JsonPart;
  /** Headers that lines show; undefined for none. */
  readonly headers: LoggedHeaders | undefined;
}

/** What `config` asks for, for the frontend of that name; undefined where requests are not logged. */
export function accessLogOf(frontend: string, config: LogConfig, log: Log): AccessLog | undefined {
  return config.access
    ? { log, frontend, opening: lineOpening(frontend), headers: LoggedHeaders.of(config) }
    : undefined;
}

/**
 * Writes the line of one finished exchange; `now` on the clock of `performance.now()`. The status 499 stands for a
 * client that left before an answer.
 */
export function logAccess(access: AccessLog, exchange: Exchange, now: number): void {
  const { log, frontend, opening, headers } = access;
  const { jsonLines } = log;
  if (jsonLines !== undefined) {
    writeAccessLine(jsonLines, exchange, { opening, headers, now });
    return;
  }
  const { peer, client, fields, queueMs, connectMs, headAt } = exchange;
  const line = {
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
    retry: exchange.retry,
    bytes_in: exchange.bytesIn,
    bytes_out: exchange.bytesOut,
    elapsed_ms: tenths(now - exchange.startedAt),
    queue_ms: queueMs > 0 ? tenths(queueMs) : undefined,
    connect_ms: connectMs > 0 ? tenths(connectMs) : undefined,
    head_ms: headAt > 0 ? tenths(exchange.headMs) : undefined,
    body_ms: headAt > 0 ? tenths(now - headAt) : undefined,
    request_id: exchange.requestId,
    user_agent: fields?.get("user-agent"),
  };
  log.access(headers === undefined ? line : { ...line, ...headers.of(exchange) });
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
