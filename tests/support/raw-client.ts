import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { eventually } from "./eventually.ts";

/** A client that writes bytes and keeps every byte it gets, as latin1 text. */
export class RawClient {
  readonly socket: Socket;
  /** Everything received so far. */
  received = "";
  /** The other side has finished sending. */
  ended = false;
  closed = false;
  /** Code of the error that broke the connection, such as ECONNRESET. */
  error: string | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => this.received += (chunk as Buffer).toString("latin1"));
    socket.on("end", () => this.ended = true);
    socket.on("close", () => this.closed = true);
    socket.on("error", (error: Error & { code?: string }) => this.error = error.code ?? error.message);
  }

  /** Connects to a port of this machine, or to a unix socket by its path. */
  static open(to: number | string, host = "127.0.0.1"): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const target = typeof to === "string" ? { path: to } : { port: to, host };
      const socket = connect({ ...target, allowHalfOpen: true, noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new RawClient(socket));
      });
    });
  }

  /** Writes text as latin1 bytes. */
  send(text: string): void {
    this.socket.write(Buffer.from(text, "latin1"));
  }

  /** Writes `text` byte by byte, each in a write of its own; the kernel may still join them on the way. */
  async sendSlowly(text: string): Promise<void> {
    for (const byte of Buffer.from(text, "latin1")) {
      await new Promise<void>((resolve) => this.socket.write(Buffer.of(byte), () => resolve()));
    }
  }

  /** Finishes sending; the other direction stays open. */
  end(): void {
    this.socket.end();
  }

  /** Closes with a FIN, without reading any further. */
  close(): void {
    this.socket.destroy();
  }

  /** Closes with a RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Waits until what was received holds `text`, or matches. */
  async until(pattern: string | RegExp, timeoutMs?: number): Promise<string> {
    await eventually(
      `${pattern} in ${
        JSON.stringify(this.received.slice(-300))
      } (error: ${this.error}, ended: ${this.ended})`,
      () => typeof pattern === "string" ? this.received.includes(pattern) : pattern.test(this.received),
      timeoutMs,
    );
    return this.received;
  }

  /** Waits until the other side has ended or broken the connection, then closes and returns everything received. */
  async untilClosed(timeoutMs?: number): Promise<string> {
    await eventually("the end of the connection", () => this.ended || this.closed, timeoutMs);
    this.socket.destroy();
    return this.received;
  }
}

/** Opens a connection, sends `request`, and returns everything that came until the other side ended. */
export async function roundTrip(to: number | string, request: string, timeoutMs?: number): Promise<string> {
  const client = await RawClient.open(to);
  client.send(request);
  return await client.untilClosed(timeoutMs);
}
