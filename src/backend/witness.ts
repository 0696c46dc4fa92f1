import type { Server } from "./server.ts";

/**
 * Which of the `available` servers is to be asked what `suspect` has failed, to see which of both is to blame: one that has
 * room, rather one that did not fail in a row itself, and of those the one with the fewest requests. Undefined where none
 * has room.
 */
export function witnessAgainst(suspect: Server, available: readonly Server[]): Server | undefined {
  let best: Server | undefined;
  for (const server of available) {
    if (server.name === suspect.name || server.full) continue;
    if (best === undefined || isFitter(server, best)) best = server;
  }
  return best;
}

function isFitter(one: Server, other: Server): boolean {
  if (one.passive.failsInARow !== other.passive.failsInARow) return other.passive.failsInARow;
  return one.inFlight * other.weight < other.inFlight * one.weight;
}
