import type { Buffer } from "node:buffer";
import { createServer, type Server, type Socket } from "node:net";
import { RawClient } from "./raw-client.ts";

/** One connection that a RawServer accepted: the other end of a RawClient. */
export class RawConnection extends RawClient {}

/** Where a RawServer listens; a free port of 127.0.0.1 where nothing is said. */
interface Place {
  host?: string;
  port?: number;
}

/** A server of bytes: it keeps what each connection sent and does what the test says. */
export class RawServer {
  readonly connections: RawConnection[] = [];
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
  }

  /** Listens on a free port of 127.0.0.1; `onConnection` is called for each connection, `onData` for each piece. */
  static listen(
    handlers: {
      onConnection?: (connection: RawConnection) => void;
      onData?: (connection: RawConnection, chunk: Buffer) => void;
    } = {},
    { host = "127.0.0.1", port = 0 }: Place = {},
  ): Promise<RawServer> {
    let server: RawServer;
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => {
      const connection = new RawConnection(socket);
      server.connections.push(connection);
      socket.on("data", (chunk) => handlers.onData?.(connection, chunk as Buffer));
      socket.on("end", () => socket.end());
      handlers.onConnection?.(connection);
    });
    return new Promise((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(port, host, () => resolve(server = new RawServer(listener)));
    });
  }

  /** A server that answers every complete request head (bodies are not looked at) with `answer`. */
  static answering(
    answer: string | ((head: string, connection: RawConnection) => string | undefined),
    place?: Place,
  ): Promise<RawServer> {
    const seen = new WeakMap<RawConnection, number>();
    return RawServer.listen({
      onData(connection) {
        for (;;) {
          const from = seen.get(connection) ?? 0;
          const end = connection.received.indexOf("\r\n\r\n", from);
          if (end === -1) return;
          seen.set(connection, end + 4);
          const head = connection.received.slice(from, end + 4);
          const text = typeof answer === "string" ? answer : answer(head, connection);
          if (text !== undefined) connection.send(text);
        }
      },
    }, place);
  }

  /** Everything that all connections sent, in the order they were accepted. */
  get received(): string {
    return this.connections.map((connection) => connection.received).join("");
  }

  /** Connections that are open. */
  get open(): number {
    return this.connections.filter((connection) => !connection.closed).length;
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
