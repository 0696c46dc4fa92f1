import { ProxyError } from "../base/errors.ts";
import { formatDuration } from "../base/units.ts";
import type { OutgoingRequest } from "./contract.ts";

/** No head of an answer came within `ms`, which the route or the backend asks for. */
export function responseTimeout(request: OutgoingRequest | undefined, ms: number): ProxyError {
  const rule = request?.responseMs === undefined ? "response" : "response_timeout";
  return new ProxyError("response_timeout", `No answer came within ${rule} (${formatDuration(ms)})`);
}

/** Nothing moved for `ms`, which the route or the backend asks for. */
export function upstreamStalled(request: OutgoingRequest | undefined, ms: number): ProxyError {
  const rule = request?.idleMs === undefined ? "idle" : "idle_timeout";
  return new ProxyError("upstream_stalled", `No byte moved for ${rule} (${formatDuration(ms)})`);
}

/** The server closed the connection, as far as it goes without a word. */
export function closedByServer(): ProxyError {
  return new ProxyError("upstream_reset", "The server closed the connection");
}

/** The connection broke with `error`, of a read or of a write. */
export function brokenBy(error: Error & { code?: string }): ProxyError {
  return new ProxyError("upstream_reset", `The server broke off: ${error.code ?? error.message}`);
}

/**
 * `error` as it counts where the server did not get all of the request: one that closes then may refuse what is sent and
 * be well, so that clients could eject it by what they send.
 */
export function beforeRequestEnd(error: ProxyError): ProxyError {
  if (error.kind !== "upstream_reset") return error;
  return new ProxyError(error.kind, error.message, { cause: error, blames: false });
}
