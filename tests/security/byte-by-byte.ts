import { Buffer } from "node:buffer";
import { RawClient } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";

/**
 * Sends text byte by byte so that each byte is read by itself. Writes in a row would be read together by a proxy
 * in the same process, so between two bytes another one goes round by way of an echo server: when it is back,
 * the sockets of the process have been looked at.
 */
export class ByteByByte {
  readonly #echo: RawClient;
  readonly #server: RawServer;

  private constructor(echo: RawClient, server: RawServer) {
    this.#echo = echo;
    this.#server = server;
  }

  static async open(): Promise<ByteByByte> {
    const server = await RawServer.listen({ onData: (connection, chunk) => connection.socket.write(chunk) });
    return new ByteByByte(await RawClient.open(server.port), server);
  }

  /** Sends `text` as latin1 bytes; stops where `client` is closed. */
  async send(client: RawClient, text: string): Promise<void> {
    for (const byte of text) {
      if (client.closed || client.ended) return;
      client.send(byte);
      await new Promise<void>((resolve) => {
        this.#echo.socket.once("data", () => resolve());
        this.#echo.socket.write(Buffer.of(0));
      });
    }
  }

  async close(): Promise<void> {
    this.#echo.close();
    await this.#server.close();
  }
}
