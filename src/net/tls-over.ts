import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect, type ConnectionOptions } from "node:tls";
import { outliveFailedWrites, WRITE_FAILED } from "./failed-writes.ts";
import { isReleasable, releaseMemory } from "./release.ts";

/**
 * Begins TLS over the open connection `carrier`, which from then on ends with it. Bytes are read from the carrier only
 * while the TLS socket is not paused, whatever the runtime does by itself (`TLS_READS_WHILE_PAUSED`).
 */
export function connectTlsOver(carrier: Socket, options: ConnectionOptions): Socket {
  const stream = new Duplex({
    allowHalfOpen: true,
    read() {}, // bytes are pushed as they come
    write: (chunk, _encoding, done) => void carrier.write(chunk, done),
    final: (done) => void carrier.end(done),
    destroy(error, done) {
      carrier.destroy();
      done(error);
    },
  });
  carrier.on("data", (chunk) => {
    stream.push(chunk);
    // TLS has taken its copy; the memory would lie about for long.
    if (stream.readableLength === 0 && isReleasable(chunk as Buffer)) releaseMemory(chunk as Buffer);
  });
  carrier.on("end", () => stream.push(null));
  carrier.on("error", (error) => stream.destroy(error));
  carrier.on("close", () => stream.destroy());
  const socket = connect({ ...options, socket: stream });
  outliveFailedWrites(carrier);
  carrier.on(WRITE_FAILED, (error: Error) => {
    if (!socket.emit(WRITE_FAILED, error)) carrier.destroy(error);
  });
  skipEmptyWrites(socket);
  // Over a stream the socket does not know its ends.
  for (const name of ["localAddress", "localPort", "remoteAddress", "remotePort"] as const) {
    Object.defineProperty(socket, name, { value: carrier[name] });
  }
  // No listeners: who takes the socket over removes them all.
  const { pause, resume } = socket;
  socket.pause = () => (carrier.pause(), pause.call(socket));
  socket.resume = () => (carrier.resume(), resume.call(socket));
  return socket;
}

/** To write nothing, for the sake of the callback alone, is an error (EPERM) of a TLS socket over a stream. */
function skipEmptyWrites(socket: Socket): void {
  const { _write, _writev } = socket;
  socket._write = (chunk, encoding, done) => {
    if (chunk.length === 0) done();
    else _write.call(socket, chunk, encoding, done);
  };
  socket._writev = (chunks, done) => {
    const some = chunks.filter(({ chunk }) => chunk.length > 0);
    if (some.length === 0) done();
    else _writev!.call(socket, some, done);
  };
}
