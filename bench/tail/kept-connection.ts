import type { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

const HEAD_END = "\r\n\r\n";

/** Opens a connection on which the same GET is asked for again and again. */
export async function openKept(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<KeptConnection> {
  const { hostname, port, host, pathname } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return new KeptConnection(socket, `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n${lines}\r\n`);
}

/** One connection, with one request under way at most; answers have a Content-Length. */
class KeptConnection {
  /** Whether it may be asked again. */
  usable = true;
  readonly #socket: Socket;
  readonly #request: string;
  #text = "";
  #onAnswer: ((good: boolean) => void) | undefined;

  constructor(socket: Socket, request: string) {
    this.#socket = socket;
    this.#request = request;
    socket.on("data", (bytes: Buffer) => this.#take(bytes.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.usable = false;
      this.#settle(false);
    });
  }

  /** Calls `onAnswer` once the answer is whole, with whether it is a 200. */
  ask(onAnswer: (good: boolean) => void): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(this.#request, "latin1");
  }

  #take(text: string): void {
    this.#text += text;
    const headEnd = this.#text.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#text)?.[1]);
    if (this.#text.length < headEnd + HEAD_END.length + length) return;
    const good = this.#text.startsWith("HTTP/1.1 200 ");
    this.#text = "";
    this.#settle(good);
  }

  #settle(good: boolean): void {
    const settle = this.#onAnswer;
    this.#onAnswer = undefined;
    settle?.(good);
  }
}
