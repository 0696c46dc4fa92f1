import { Buffer } from "node:buffer";
import type { FakeNet } from "./fake-net.ts";
import { FakeSocket, type Written } from "./fake-socket.ts";

/** Requests under way at the same time, each on a connection of its own. */
export const BATCH = 64;
/** Turns of the event loop that a batch may take. */
const MOST_TURNS = 1000;

/** Both ends of a proxy: clients that all ask at once, and an origin that answers all at once, batch after batch. */
export class Batches {
  readonly #request: Buffer;
  readonly #answer: Buffer;
  readonly #lastByte: number;
  readonly #clients: FakeSocket[] = [];
  #asked: FakeSocket[] = [];
  #answered = 0;

  constructor({ request, answer }: { request: Buffer; answer: Buffer }) {
    this.#request = request;
    this.#answer = answer;
    this.#lastByte = answer.at(-1)!;
  }

  /** Takes what the proxy writes to its servers. */
  readonly onAsked = (socket: FakeSocket): void => {
    this.#asked.push(socket);
  };

  /** Connects the clients. */
  connect(net: FakeNet): void {
    for (let i = 0; i < BATCH; i++) {
      const client = new FakeSocket((_socket, bytes) => this.#onAnswered(bytes));
      this.#clients.push(client);
      net.accept(client);
    }
  }

  /** Runs one batch to its end. Throws when an answer does not come. */
  async run(): Promise<void> {
    this.#answered = 0;
    for (const client of this.#clients) client.emit("data", received(this.#request));
    for (let turn = 0; this.#answered < BATCH && turn < MOST_TURNS; turn++) {
      const asked = this.#asked;
      this.#asked = [];
      for (const server of asked) server.emit("data", received(this.#answer));
      await nextTurn();
    }
    if (this.#answered !== BATCH) throw new Error(`${this.#answered} of ${BATCH} requests were answered`);
  }

  /** An answer may come in pieces; the last ends as the origin's does. */
  #onAnswered(bytes: Written): void {
    const last = typeof bytes === "string" ? bytes.charCodeAt(bytes.length - 1) : bytes[bytes.length - 1];
    if (last !== this.#lastByte) return;
    this.#answered++;
  }
}

/** The bytes as a runtime gives them: in memory of their own. */
function received(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
