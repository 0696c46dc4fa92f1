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
