import type { Socket } from "node:net";

/** Pieces that may wait in a socket before their source is held back: each costs hundreds of bytes beside what is in it. */
export const MAX_WAITING_PIECES = 128;

/**
 * Has `socket` read no further ahead, while it is paused, than a piece that is worth it, or a few tiny ones. By itself it
 * reads on up to 64 KiB and keeps what it reads piece by piece: of single bytes that is tens of MiB. (`createServer` takes
 * a mark for both directions alone, and that of writing has to stay.)
 */
export function limitReadAhead(socket: Socket): void {
  const { _readableState: state } = socket as Socket & { _readableState?: { highWaterMark: number } };
  if (state !== undefined) state.highWaterMark = MAX_WAITING_PIECES;
}
