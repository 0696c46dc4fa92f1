import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** Time that both ends of a WebSocket get to answer a Close before their connections are cut. */
export const GOODBYE_MS = 1000;

/** What a tunnel is for: CONNECT, a WebSocket, or another protocol that was switched to. */
export type TunnelKind = "connect" | "websocket" | "other";

/** A server's connection after its 101, which waits to be joined with the client's. */
export interface UpstreamTunnel {
  readonly kind: TunnelKind;
  /** Takes over the client's connection, with the bytes that the client sent after its request. */
  join(socket: Socket, early: Buffer, onDone: (bytes: TunnelledBytes) => void): OpenTunnel;
  /** The client is gone: closes the server's connection. */
  drop(): void;
}

export interface TunnelledBytes {
  readonly fromClient: number;
  readonly toClient: number;
}

/** A tunnel between two connections, while it lasts. */
export interface OpenTunnel {
  /** Bytes that went through so far. */
  readonly bytes: TunnelledBytes;
  /**
   * Says goodbye to both ends in the words of their protocol and ends the tunnel when both have answered, `ms` from now
   * at the latest. False where the protocol is not known: then nothing was done.
   */
  goAway(ms: number): boolean;
  /** Ends the tunnel now. */
  cut(): void;
}
