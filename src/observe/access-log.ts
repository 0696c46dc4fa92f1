import type { Log } from "../base/log.ts";
import type { LogFields } from "../base/log-event.ts";
import type { LogConfig } from "../config/sections/log.ts";
import type { Exchange } from "../message/exchange.ts";
import { lineOpening, type LineParts, type LoggedLoad, writeAccessLine } from "./access-line.ts";
import { LineFilter } from "./line-filter.ts";
import { LineMask } from "./line-mask.ts";
import { LoggedHeaders } from "./logged-headers.ts";

/** Where lines of finished exchanges go, and what they show. */
export interface AccessLog extends LineParts {
  readonly log: Log;
  readonly frontend: string;
  /** Who has no line; undefined where everybody has one. */
  readonly filter: LineFilter | undefined;
  /** What lines hide; undefined where that is nothing. */
  readonly mask: LineMask | undefined;
}

/** What `config` asks for, for the frontend of that name with its `load`; undefined where requests are not logged. */
export function accessLogOf(
  frontend: string,
  config: LogConfig,
  { log, load }: { log: Log; load: LoggedLoad },
): AccessLog | undefined {
  if (!config.access) return undefined;
  return {
    log,
    frontend,
    opening: lineOpening(frontend),
    headers: LoggedHeaders.of(config),
    filter: LineFilter.of(config),
    mask: LineMask.of(config),
    load: config.details ? load : undefined,
  };
}

/**
 * Writes the line of one finished exchange; `now` on the clock of `performance.now()`. The status 499 stands for a
 * client that left before an answer.
 */
export function logAccess(access: AccessLog, exchange: Exchange, now: number): void {
  const { log, filter, mask } = access;
  if (filter !== undefined && !filter.keeps(exchange, now - exchange.startedAt)) return;
  const { jsonLines } = log;
  if (jsonLines !== undefined && mask === undefined) return writeAccessLine(jsonLines, exchange, access, now);
  const fields = fieldsOf(exchange, access, now);
  log.access(mask === undefined ? fields : mask.of(fields));
}

function fieldsOf(exchange: Exchange, { frontend, headers, load }: AccessLog, now: number): LogFields {
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
    cache: exchange.cache,
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
    proxy_ms: load && tenths(exchange.ownMs(now)),
    in_flight: load?.inFlight,
    server_in_flight: load && exchange.lastServer?.inFlight,
    request_id: exchange.requestId,
    trace_id: exchange.trace?.traceId,
    user_agent: fields?.get("user-agent"),
  };
  return headers === undefined ? line : { ...line, ...headers.of(exchange) };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
