import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** What the tests use of a WebSocket of `ws`, which comes without types. */
export interface Ws {
  readonly protocol: string;
  readonly extensions: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** The connection underneath. */
  readonly _socket: Socket;
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): void;
  on(
    event: "open" | "error" | "unexpected-response" | "ping" | "pong" | "upgrade",
    listener: (...args: never[]) => void,
  ): void;
  on(event: "close", listener: (code: number, reason: Buffer) => void): void;
  send(data: string | Uint8Array, options?: { fin?: boolean; binary?: boolean; compress?: boolean }): void;
  ping(data?: string): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
}

/** What the tests use of a server of `ws`. */
export interface WsServer {
  handleUpgrade(request: unknown, socket: unknown, head: unknown, done: (ws: Ws) => void): void;
}

interface WsModule {
  WebSocket: new (url: string, protocols: readonly string[], options: Record<string, unknown>) => Ws;
  WebSocketServer: new (options: Record<string, unknown>) => WsServer;
}

// By its path: under its name Bun gives something of its own.
const PACKAGE = new URL("../../node_modules/ws/wrapper.mjs", import.meta.url).href;

/** The client and the server of the package `ws`. */
export const { WebSocket, WebSocketServer } = await import(PACKAGE) as WsModule;

/** Resolves with the close code and reason, as one text. */
export function closeOf(ws: Ws): Promise<string> {
  return new Promise((resolve) => ws.on("close", (code, reason) => resolve(`${code} ${reason}`.trim())));
}

/** Texts and binary messages in the order in which they come. */
export function collect(ws: Ws): (string | Buffer)[] {
  const messages: (string | Buffer)[] = [];
  ws.on("message", (data, isBinary) => messages.push(isBinary ? data : data.toString()));
  return messages;
}
