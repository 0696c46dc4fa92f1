import type { Socket } from "node:net";
import { MAX_WAITING_PIECES } from "../wire/flow.ts";

/**
 * Has `socket` read no further ahead, while it is paused, than a piece that is worth it, or a few tiny ones. By itself it
 * reads on up to 64 KiB and keeps what it reads piece by piece: of single bytes that is tens of MiB. (`createServer` takes
 * a mark for both directions alone, and that of writing has to stay.)
 */
export function limitReadAhead(socket: Socket): void {
  const { _readableState: state } = socket as Socket & { _readableState?: { highWaterMark: number } };
  if (state !== undefined) state.highWaterMark = MAX_WAITING_PIECES;
}
