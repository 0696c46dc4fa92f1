import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

/** An answer as it came. */
export interface LoadAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** The connection broke before the answer was complete. */
class CutAnswer extends Error {
  /** What had come of the answer. */
  readonly begun: string;
  constructor(cause: string, begun: string) {
    super(`The connection broke (${cause}) after ${JSON.stringify(begun.slice(0, 200))}`);
    this.begun = begun;
  }
}

/**
 * A client for many requests, one after another on a connection that it keeps as long as the other side does. Answers
 * must have a Content-Length.
 */
export class LoadClient {
  readonly #port: number;
  #socket: Socket | undefined;
  #received = "";
  #settle: { resolve(answer: LoadAnswer): void; reject(error: Error): void } | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends a whole request; resolves with its answer and rejects with a CutAnswer where there is none. */
  ask(text: string): Promise<LoadAnswer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#received = "";
      this.#socket ??= this.#open();
      this.#socket.write(Buffer.from(text, "latin1"));
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    let cause = "closed";
    socket.on("data", (chunk) => {
      this.#received += (chunk as Buffer).toString("latin1");
      this.#look();
    });
    socket.on("error", (error: Error & { code?: string }) => cause = error.code ?? error.message);
    socket.on("close", () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#settle?.reject(new CutAnswer(cause, this.#received));
      this.#settle = undefined;
    });
    return socket;
  }

  #look(): void {
    const end = this.#received.indexOf("\r\n\r\n");
    if (end === -1) return;
    const head = this.#received.slice(0, end + 2);
    const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1]);
    if (this.#received.length < end + 4 + length) return;
    const settle = this.#settle;
    this.#settle = undefined;
    if (/\r\nconnection: close\r\n/i.test(head)) this.close();
    settle?.resolve({ status: Number(head.slice(9, 12)), head, body: this.#received.slice(end + 4) });
  }
}
