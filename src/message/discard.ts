import type { ProxyError } from "../base/errors.ts";
import type { BodySink, BodySource } from "./body.ts";

/** Takes a body and keeps nothing of it. */
export const DISCARD: BodySink = { write: () => true, flush: () => true, end() {}, fail() {} };

/**
 * Reads `body` to its end and keeps nothing, so that its connection can be used again. One of more than `limit` bytes is
 * cancelled for `reason`. `onDone` is called once, whatever becomes of it.
 */
export function discardBody(
  body: BodySource,
  { limit, reason, onDone = () => {} }: { limit: number; reason: ProxyError; onDone?: () => void },
): void {
  let left = limit;
  const cut = () => {
    body.cancel(reason);
    onDone();
    return true;
  };
  if (body.length !== undefined && body.length > limit) return void cut();
  body.start({
    ...DISCARD,
    write(chunk) {
      if (left < 0) return true;
      left -= chunk.length;
      return left >= 0 || cut();
    },
    end: onDone,
    fail: onDone,
  });
}
