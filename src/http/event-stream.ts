import type { Fields } from "./fields.ts";

/** A stream of events by its media type (RFC 9110 §8.3.1 compares it without case). */
const EVENT_STREAM = /^text\/event-stream[\t ]*(?:;|$)/i;

/**
 * Tells whoever passes an event stream on that it is not to be held back or stored: `X-Accel-Buffering: no`, which
 * nginx and its kin obey, and `Cache-Control: no-cache`; each where the server says nothing itself. Changes nothing in
 * any other answer.
 */
export function announceEventStream(fields: Fields): void {
  const type = fields.get("content-type");
  if (type === undefined || !EVENT_STREAM.test(type)) return;
  if (!fields.has("x-accel-buffering")) fields.append("X-Accel-Buffering", "no");
  if (!fields.has("cache-control")) fields.append("Cache-Control", "no-cache");
}
