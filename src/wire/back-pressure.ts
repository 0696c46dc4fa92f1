import { MAX_WAITING_PIECES } from "../net/read-ahead.ts";

/** Bytes that may wait in one socket before its source is asked to stop. */
const MAX_BUFFERED_BYTES = 128 * 1024;

/**
 * Whether so much waits for a slow reader that the source is asked to stop, counted in bytes and in pieces: each piece costs
 * hundreds of bytes besides what is in it.
 */
export function mustStop(waitingBytes: number, waitingPieces: number): boolean {
  return waitingBytes > MAX_BUFFERED_BYTES || waitingPieces >= MAX_WAITING_PIECES;
}
