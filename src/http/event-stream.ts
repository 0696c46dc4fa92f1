import { ROLE } from "./field-name.ts";
import type { Fields } from "./fields.ts";

/** A stream of events by its media type (RFC 9110 §8.3.1 compares it without case). */
const MEDIA_TYPE = "text/event-stream";
const EVENT_STREAM = /^text\/event-stream[\t ]*(?:;|$)/i;

/**
 * Tells whoever passes an event stream on that it is not to be held back or stored: `X-Accel-Buffering: no`, which
 * nginx and its kin obey, and `Cache-Control: no-cache`; each where the server says nothing itself. Changes nothing in
 * any other answer. Returns whether it is an event stream.
 */
export function announceEventStream(fields: Fields): boolean {
  if (!isEventStream(fields)) return false;
  if (!fields.has("x-accel-buffering")) fields.append("X-Accel-Buffering", "no");
  if (!fields.has("cache-control")) fields.append("Cache-Control", "no-cache");
  return true;
}

/** Whether an answer is a stream of events. */
export function isEventStream(fields: Fields): boolean {
  const line = fields.lineOf(ROLE.contentType);
  return line !== -1 && fields.valueBegins(line, MEDIA_TYPE) &&
    EVENT_STREAM.test(fields.get("content-type")!);
}

const LF = 0x0a, CR = 0x0d;

/**
 * Finds whether a stream of events is between two of them, from the bytes that went by: at its beginning, or after an
 * empty line. Lines end in LF, CR or both (HTML, server-sent events).
 */
export class EventBoundary {
  /** Whether the stream is between two events. */
  between = true;
  #lineStart = true;
  #afterCr = false;

  /** Takes the next bytes; looks at the line ends after the last of anything else. */
  push(bytes: Uint8Array): void {
    let at = bytes.length;
    while (at > 0 && (bytes[at - 1] === LF || bytes[at - 1] === CR)) at--;
    if (at > 0) this.between = this.#lineStart = this.#afterCr = false;
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === LF && this.#afterCr) {
        this.#afterCr = false; // the second half of one line end
        continue;
      }
      if (this.#lineStart) this.between = true;
      this.#lineStart = true;
      this.#afterCr = byte === CR;
    }
  }
}
