import type { BodySink } from "../message/body.ts";
import { READ_BUFFERS_WAIT_FOR_GC } from "./gaps.ts";

/** Less than this is left to the garbage collector: giving it back would cost more than it frees. */
const MIN_RELEASED_BYTES = 2048;

/**
 * Whether the memory of a chunk that was read from a socket is to be given back by hand: only where it is all
 * the chunk's own, as it is for every piece that a socket reads.
 */
export function isReleasable(chunk: Uint8Array): boolean {
  return READ_BUFFERS_WAIT_FOR_GC && chunk.byteLength >= MIN_RELEASED_BYTES &&
    chunk.byteLength === chunk.buffer.byteLength;
}

/** Gives the memory of `chunk` back now; nobody may look at any part of it any more. */
export function releaseMemory(chunk: Uint8Array): void {
  (chunk.buffer as ArrayBuffer).transfer(0);
}

/** What gives up the chunks that it has read to their end. */
interface Reader {
  collectsConsumed: boolean;
  takeConsumed(): Uint8Array | undefined;
}

/** Makes `reader` keep the chunks that it has read, for `giveBack`, where that is of use. */
export function collectChunks(reader: Reader): void {
  reader.collectsConsumed = READ_BUFFERS_WAIT_FOR_GC;
}

/** Lets `sink` free the memory of the chunks that `reader` has read, now that everything in them was delivered. */
export function giveBack(reader: Reader, sink: Pick<BodySink, "release"> | undefined): void {
  if (!reader.collectsConsumed) return;
  for (let chunk = reader.takeConsumed(); chunk !== undefined; chunk = reader.takeConsumed()) {
    sink?.release?.(chunk);
  }
}
