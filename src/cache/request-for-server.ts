import type { Fields } from "../http/fields.ts";
import type { Exchange } from "../message/exchange.ts";
import { IncomingRequest } from "../message/incoming-request.ts";
import type { KeptAnswer } from "./kept-answer.ts";

/** Conditions of a client, which it means for an answer that this cache gives. */
const CONDITIONS: ReadonlySet<string> = new Set(["if-none-match", "if-modified-since", "if-range", "range"]);

/**
 * `request` as its server gets it, so that what comes back is a whole answer that may be kept: without the client's own
 * conditions, and asking whether `kept` is still good, where there is such an answer (RFC 9111 §4.3.1).
 */
export function requestForServer(
  request: IncomingRequest,
  exchange: Exchange,
  kept: KeptAnswer | undefined,
): IncomingRequest {
  const before = request.takeFields();
  const isPlain = kept === undefined && !before.kinds.some(({ lower }) => CONDITIONS.has(lower));
  if (isPlain && exchange === request.exchange) return request;
  const fields: Fields = before.copy();
  fields.removeWhere(({ lower }) => CONDITIONS.has(lower));
  if (kept?.etag !== undefined) fields.append("If-None-Match", kept.etag);
  if (kept?.lastModified !== undefined) fields.append("If-Modified-Since", kept.lastModified);
  const method = "GET"; // a HEAD has no content to keep
  return new IncomingRequest({ ...request.head, method, fields }, exchange, null);
}
