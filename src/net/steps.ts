import { nextReads } from "./next-reads.ts";

/** Work that may rest after each of its steps, none of which takes long. */
export type Steps<T> = Generator<void, T, void>;

/** Time that steps take before everything else gets its turn, in ms. */
const TURN_MS = 5;
/** The same for what comes again and again while requests run. */
export const SHORT_TURN_MS = 1;

/** Does all of it now. */
export function atOnce<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** Does it while everything else goes on: work of `turnMs`, then everything else. */
export async function inTurns<T>(steps: Steps<T>, turnMs = TURN_MS): Promise<T> {
  let until = performance.now() + turnMs;
  for (let step = steps.next();; step = steps.next()) {
    if (step.done === true) return step.value;
    if (performance.now() < until) continue;
    await nextReads();
    until = performance.now() + turnMs;
  }
}

/** Maps `items` by `make`, one item in each step. */
export function* mapInSteps<T, U>(items: Iterable<T>, make: (item: T) => U): Steps<U[]> {
  const made: U[] = [];
  for (const item of items) {
    made.push(make(item));
    yield;
  }
  return made;
}
