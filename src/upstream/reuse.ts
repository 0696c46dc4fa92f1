import { hasConnectionOption } from "../http/hop-by-hop.ts";
import { keepAliveHint } from "../http/keep-alive.ts";
import type { ResponseHead } from "../http1/response-decoder.ts";

/**
 * How long the connection of an answer may be kept for another request, in ms; 0 where it may not. One that carried
 * CONNECT is never kept: one of its ends may take it for a tunnel (RFC 9931).
 */
export function reusableFor(head: ResponseHead, method: string): number {
  if (head.minorVersion === 0 || head.framing.kind === "close" || method === "CONNECT") return 0;
  return hasConnectionOption(head.fields.connection, "close") ? 0 : keepAliveHint(head.fields);
}
