import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

const HEAD_LIMIT_BYTES = 64 * 1024;
const LINE_FEED = 10;

/** Takes a piece of a body; nothing more is read before it is done. */
export type OnPiece = (piece: Buffer) => unknown;

/**
 * Either end of a connection, read by pulling: what nobody asks for stays with the kernel, so that a slow reader is
 * slow. It knows just enough of HTTP/1.1 to find the end of a message, and shares nothing with the proxy's own codec.
 */
export class Wire {
  readonly socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    socket.on("error", () => {}); // who reads or writes is told
  }

  static open(port: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Wire(socket));
      });
    });
  }

  /** Resolves when the socket takes more, or never will. */
  write(bytes: string | Uint8Array): Promise<void> {
    const data = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    if (this.socket.destroyed || this.socket.write(data)) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = () => {
        this.socket.off("drain", settle).off("close", settle);
        resolve();
      };
      this.socket.on("drain", settle).on("close", settle);
    });
  }

  /** The next chunk, whatever its size; undefined at the end. */
  async chunk(): Promise<Buffer | undefined> {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = Buffer.alloc(0);
      return rest;
    }
    const { value, done } = await this.#chunks.next();
    return done === true ? undefined : value;
  }

  /** The next head with its empty line; undefined where the other side ended before its first byte. */
  async head(): Promise<string | undefined> {
    let end = -1;
    while ((end = this.#rest.indexOf("\r\n\r\n")) === -1) {
      if (this.#rest.length > HEAD_LIMIT_BYTES) throw new Error("a head without an end");
      if (!await this.#more()) {
        if (this.#rest.length > 0) throw new Error("the end within a head");
        return undefined;
      }
    }
    return this.#take(end + 4).toString("latin1");
  }

  /** Reads the body that `head` announces, and hands its pieces to `onPiece`, one after another. */
  async body(head: string, onPiece: OnPiece): Promise<void> {
    const length = field(head, "content-length");
    if (length !== undefined) return await this.#pieces(Number(length), onPiece);
    if (field(head, "transfer-encoding") !== undefined) return await this.#chunked(onPiece);
    if (!head.startsWith("HTTP/1.")) return; // a request without a length has no body
    for (let piece; (piece = await this.chunk()) !== undefined;) await onPiece(piece);
  }

  /** The next `count` bytes. */
  async exactly(count: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    await this.#pieces(count, (piece) => pieces.push(piece));
    return Buffer.concat(pieces);
  }

  /** Resolves when the other side has ended; what comes until then is dropped. */
  async ended(): Promise<void> {
    while (await this.chunk() !== undefined);
  }

  /** Closes with a FIN, or where bytes are unread as the system likes. */
  close(): void {
    this.socket.destroy();
  }

  /** Closes with a RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  async #chunked(onPiece: OnPiece): Promise<void> {
    for (;;) {
      const line = await this.#line();
      if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`a chunk of size ${JSON.stringify(line)}`);
      const size = parseInt(line, 16);
      if (size === 0) break;
      await this.#pieces(size, onPiece);
      if (await this.#line() !== "") throw new Error("a chunk that is longer than it says");
    }
    while (await this.#line() !== ""); // trailers
  }

  async #pieces(count: number, onPiece: OnPiece): Promise<void> {
    for (let left = count; left > 0;) {
      if (this.#rest.length === 0 && !await this.#more()) throw new Error(`the end, ${left} bytes early`);
      const piece = this.#take(Math.min(left, this.#rest.length));
      left -= piece.length;
      await onPiece(piece);
    }
  }

  async #line(): Promise<string> {
    let end = -1;
    while ((end = this.#rest.indexOf(LINE_FEED)) === -1) {
      if (this.#rest.length > HEAD_LIMIT_BYTES) throw new Error("a line without an end");
      if (!await this.#more()) throw new Error("the end within a line");
    }
    return this.#take(end + 1).toString("latin1").trimEnd();
  }

  #take(count: number): Buffer {
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    if (done === true) return false;
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    return true;
  }
}

/** Value of the field `name` (in small letters) of a head. */
export function field(head: string, name: string): string | undefined {
  return new RegExp(`\r\n${name}:[ \t]*(.*?)[ \t]*\r\n`, "i").exec(head)?.[1];
}
