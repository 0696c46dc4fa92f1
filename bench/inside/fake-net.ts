import { Server, Socket } from "node:net";
import { FakeSocket, type Written } from "./fake-socket.ts";

/** Where a connection that was opened writes to. */
type OnWrite = (socket: FakeSocket, bytes: Written) => void;

/** Port that the clients connect to. */
export const CLIENTS_PORT = 1;

/** The network of this process after `replaceNet`. */
export interface FakeNet {
  /** Resolves when the listener is bound that the clients connect to. */
  bound: Promise<void>;
  /** Gives `socket` to it, as a client that has connected. */
  accept(socket: FakeSocket): void;
}

/**
 * Takes the network away from this process: what listens from now on listens nowhere, and what connects gets a
 * `FakeSocket` whose writes go to `onWrite`. It holds for code that is loaded already as well, and needs no word of it:
 * `createServer` and `connect` of node:net build on these methods on both runtimes.
 */
export function replaceNet(onWrite: OnWrite): FakeNet {
  const { promise: bound, resolve } = Promise.withResolvers<void>();
  let front: Server | undefined;

  function listen(this: Server, where: number | { port?: number }, ...rest: unknown[]): Server {
    const isFront = (typeof where === "object" ? where.port : where) === CLIENTS_PORT;
    if (isFront) front = this;
    const done = rest.at(-1);
    queueMicrotask(() => {
      if (typeof done === "function") done();
      if (isFront) resolve();
    });
    return this;
  }

  /** What `connect` of node:net returns is what this returns. */
  function connect(): FakeSocket {
    const socket = new FakeSocket(onWrite);
    queueMicrotask(() => socket.emit("connect"));
    return socket;
  }

  Object.assign(Server.prototype, {
    listen,
    address: () => ({ address: "127.0.0.1", family: "IPv4", port: 1 }),
  });
  Object.assign(Socket.prototype, { connect });
  return { bound, accept: (socket) => void front?.emit("connection", socket) };
}
