import { positionAt } from "../balancing/draw.ts";
import { hashText, mix32 } from "../balancing/hash-text.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";

/** Keeps the choice of a backend apart from that of a server by the same key. */
const SEED = 0x5171ce;

export interface SplitOptions<T> {
  /** Where requests go, and their shares; at least one is above 0. */
  readonly weights: readonly (readonly [target: T, weight: number])[];
  /** Requests with the same key go the same way; those without one by chance, as all do without this. */
  readonly keyOf?: ((request: IncomingRequest) => string | undefined) | undefined;
  /** Numbers from 0 up to, without, 1. */
  readonly random?: () => number;
}

/**
 * A function that spreads requests over targets by weight. Where the weights change, only the keys between the old and
 * the new bounds go another way, so a canary that grows keeps its clients.
 */
export function compileSplit<T>(
  { weights, keyOf, random = Math.random }: SplitOptions<T>,
): (request: IncomingRequest) => T {
  const targets = weights.map(([target]) => target);
  let sum = 0;
  const sums = weights.map(([, weight]) => sum += weight);
  return (request) => {
    const key = keyOf?.(request);
    const point = key === undefined ? random() : mix32(hashText(key) ^ SEED) / 2 ** 32;
    return targets[positionAt(sums, point * sum)]!;
  };
}
