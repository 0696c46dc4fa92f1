import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Deadline } from "../base/deadline.ts";
import { isReleasable, releaseMemory } from "./release.ts";

/** Time that the other direction may go on after one side has finished sending. */
const HALF_CLOSED_MS = 60_000;

/** One end of a tunnel and the bytes of it that were read already. */
export interface TunnelEnd {
  readonly socket: Socket;
  readonly early: Uint8Array;
}

/** Bytes that went through, early ones included. */
export interface TunnelBytes {
  /** From the first end to the second. */
  forth: number;
  /** From the second end to the first. */
  back: number;
}

/**
 * Joins two connections byte for byte until both directions are done, either breaks, or nothing flows in either
 * for `idleMs` (0: no limit). One clock serves both directions, so a stream that only the server feeds is not
 * idle. Takes both sockets over and destroys them; calls `onDone` once.
 */
export function joinTunnel(
  first: TunnelEnd,
  second: TunnelEnd,
  { idleMs, onDone }: { idleMs: number; onDone: (bytes: TunnelBytes) => void },
): void {
  const bytes: TunnelBytes = { forth: 0, back: 0 };
  let ended = 0;
  let closed = 0;
  let over = false;
  const deadline = new Deadline(finish);
  const touch = () => deadline.set(ended === 0 ? idleMs : Math.min(idleMs || HALF_CLOSED_MS, HALF_CLOSED_MS));

  function finish(): void {
    if (over) return;
    over = true;
    deadline.dispose();
    first.socket.destroy();
    second.socket.destroy();
    onDone(bytes);
  }

  function pipe(from: TunnelEnd, to: TunnelEnd, count: (length: number) => void): void {
    const forward = (chunk: Uint8Array) => {
      touch();
      count(chunk.length);
      const written = isReleasable(chunk)
        ? to.socket.write(chunk, () => releaseMemory(chunk))
        : to.socket.write(chunk);
      if (!written) from.socket.pause();
    };
    from.socket.on("data", (chunk) => forward(chunk as Buffer));
    to.socket.on("drain", () => {
      touch();
      from.socket.resume();
    });
    const finished = () => {
      ended++;
      touch();
      to.socket.end();
    };
    from.socket.on("end", finished);
    from.socket.on("error", finish);
    // Both directions done: each socket closes by itself once its last bytes are out.
    from.socket.on("close", () => {
      if (++closed === 2 || ended < 2) finish();
    });
    if (from.early.length > 0) forward(from.early);
    if (from.socket.readableEnded) finished();
  }

  touch();
  pipe(first, second, (length) => bytes.forth += length);
  pipe(second, first, (length) => bytes.back += length);
  first.socket.resume();
  second.socket.resume();
  if (first.socket.destroyed || second.socket.destroyed) finish();
}
