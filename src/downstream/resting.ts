import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Peer } from "../message/exchange.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { Entrance } from "./reception.ts";
import type { SocketOwner } from "./socket-owner.ts";

/** What becomes of a connection that rests. */
export interface RestEvents {
  /** The client says something: the connection has to be served. */
  onWake(resting: RestingConnection, chunk: Buffer): void;
  onClosed(resting: RestingConnection): void;
}

/**
 * A client's connection on which nothing happens: nothing has come yet, or nothing for a while. It is its socket and what
 * is known of the client, and as little else as possible, because there may be very many; whoever has them all times
 * them as well.
 */
export class RestingConnection implements SocketOwner, ClientConnection {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly entrance: Entrance;
  /** When it was accepted, in ms of `performance.now()`; undefined where it has had a request. */
  readonly acceptedAt: number | undefined;
  readonly #events: RestEvents;
  /** How long it may rest, in ms; 0 is no limit. */
  restMs = 0;
  /** Whether it closes after the next exchange. */
  closing = false;
  #closed = false;

  constructor(
    socket: Socket,
    { peer, entrance, acceptedAt, events }: {
      peer: Peer;
      entrance: Entrance;
      acceptedAt?: number | undefined;
      events: RestEvents;
    },
  ) {
    this.socket = socket;
    this.peer = peer;
    this.entrance = entrance;
    this.acceptedAt = acceptedAt;
    this.#events = events;
  }

  get tunnelled(): undefined {
    return undefined;
  }

  get phase(): "idle" {
    return "idle";
  }

  /** Nothing is lost when it ends. */
  get busy(): boolean {
    return false;
  }

  drain(idleToo: boolean): void {
    this.closing = true;
    if (idleToo) this.destroy();
  }

  refuse(): boolean {
    return false;
  }

  /** Closes it without a word. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.socket.destroy();
    this.#events.onClosed(this);
  }

  onData(chunk: Buffer): void {
    if (!this.#closed) this.#events.onWake(this, chunk);
  }

  onDrain(): void {}

  /** Nobody waits for an answer. */
  onEnd(): void {
    this.destroy();
  }

  onError(): void {
    this.destroy();
  }

  onClose(): void {
    this.destroy();
  }
}
