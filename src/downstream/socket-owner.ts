import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { TICK } from "../base/tick.ts";

/** Who hears what happens to a client's socket. */
export interface SocketOwner {
  onData(chunk: Buffer): void;
  onDrain(): void;
  /** The client has finished sending. */
  onEnd(): void;
  onError(error: Error & { code?: string }): void;
  onClose(): void;
}

const OWNER = Symbol("owner");

interface OwnedSocket extends Socket {
  [OWNER]: SocketOwner;
}

/**
 * Has `owner` hear of everything that happens to `socket`, until `changeOwner`. The listeners are the same functions for all
 * sockets: those of ten thousand idle connections would take more memory than all else that is kept of them.
 */
export function own(socket: Socket, owner: SocketOwner): void {
  (socket as OwnedSocket)[OWNER] = owner;
  socket.on("data", hearData).on("drain", hearDrain).on("end", hearEnd).on("error", hearError)
    .on("close", hearClose);
}

/** Has `owner` hear what happens to an owned socket from now on. */
export function changeOwner(socket: Socket, owner: SocketOwner): void {
  (socket as OwnedSocket)[OWNER] = owner;
}

function hearData(this: Socket, chunk: Buffer | string): void {
  TICK.begin();
  try {
    (this as OwnedSocket)[OWNER].onData(chunk as Buffer);
  } finally {
    TICK.end();
  }
}

function hearDrain(this: Socket): void {
  (this as OwnedSocket)[OWNER].onDrain();
}

function hearEnd(this: Socket): void {
  (this as OwnedSocket)[OWNER].onEnd();
}

function hearError(this: Socket, error: Error): void {
  (this as OwnedSocket)[OWNER].onError(error);
}

function hearClose(this: Socket): void {
  (this as OwnedSocket)[OWNER].onClose();
}
