import type { BodySink } from "./body.ts";

/** Takes a body and keeps nothing of it. */
export const DISCARD: BodySink = { write: () => true, flush: () => true, end() {}, fail() {} };
