import type { Socket } from "node:net";

/** A socket's event: a write has failed, with its error; what came before is still read. Emitted once. */
export const WRITE_FAILED = "writeFailed";

type Done = (error?: Error | null) => void;

/**
 * Makes `socket` outlive a write that fails. A server that refuses a request early may have answered and closed before it
 * took all of it: then the next write fails (EPIPE, ECONNRESET) while the answer still waits to be read. By itself a stream
 * that cannot be written is destroyed, and what it would have read with it.
 *
 * Where somebody listens for `WRITE_FAILED`, what is written from then on goes nowhere, and reading goes on to the end of
 * what came; where nobody does, the socket is destroyed like any other.
 */
export function outliveFailedWrites(socket: Socket): void {
  const { _write, _writev } = socket;
  let failed = false;
  // A stream has one write under way at a time, so what settles it needs no closure of its own.
  let pending: Done;
  const settle: Done = (error) => {
    if (!error) return pending();
    if (socket.destroyed || !socket.emit(WRITE_FAILED, error)) return pending(error);
    failed = true;
    pending();
  };
  socket._write = (chunk, encoding, done) => {
    if (failed) return done();
    if (done !== settle) pending = done; // on one runtime `_writev` comes by here
    _write.call(socket, chunk, encoding, settle);
  };
  if (typeof _writev !== "function") return;
  socket._writev = (chunks, done) => {
    if (failed) return done();
    pending = done;
    _writev.call(socket, chunks, settle);
  };
}
