import { createServer } from "node:http";
import type { AddressInfo, Socket as NetSocket } from "node:net";
import type { TestContext } from "node:test";
import { Server, type Socket } from "socket.io";
import { io, type ManagerOptions, type Socket as ClientSocket, type SocketOptions } from "socket.io-client";
import type { TestProxy } from "../support/test-proxy.ts";

/** A Socket.IO server that echoes what it gets, with its name. */
export interface IoServer {
  readonly name: string;
  readonly port: number;
  readonly sockets: Socket[];
}

/** Opens a server that closes with the test. */
export async function openServer(t: TestContext, name: string): Promise<IoServer> {
  const http = createServer();
  const server = new Server(http, { serveClient: false });
  const sockets: Socket[] = [];
  const raw = new Set<NetSocket>();
  http.on("connection", (socket: NetSocket) => raw.add(socket));
  server.on("connection", (socket: Socket) => {
    sockets.push(socket);
    socket.on("say", (text: unknown, answer: (text: string) => void) => answer(`${name} heard ${text}`));
    socket.on("bytes", (bytes: Uint8Array) => socket.emit("bytes", bytes));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    for (const socket of raw) socket.destroy();
    await server.close();
  });
  return { name, port: (http.address() as AddressInfo).port, sockets };
}

/** A client of `proxy` that is quick to come back; `options` are what is special about it. */
export function connect(
  t: TestContext,
  proxy: TestProxy,
  options: Partial<ManagerOptions & SocketOptions>,
): ClientSocket {
  const socket = io(proxy.url, {
    forceNew: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 40,
    ...options,
  });
  t.after(() => socket.disconnect());
  return socket;
}

/** `polling` or `websocket`; undefined while there is no connection. */
export const transportOf = (socket: ClientSocket): string | undefined => socket.io.engine?.transport.name;
