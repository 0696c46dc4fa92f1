import { setImmediate } from "node:timers";
import { IMMEDIATES_DELAY_READS } from "./gaps.ts";

/** Resolves when sockets have told what had come before the call: bytes, or that the other side has closed. */
export function nextReads(): Promise<void> {
  return new Promise((resolve) => {
    if (IMMEDIATES_DELAY_READS) setTimeout(resolve, 0);
    else setImmediate(() => setImmediate(resolve)); // the first may still belong to the turn that is under way
  });
}
