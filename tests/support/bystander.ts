import { RawClient } from "./raw-client.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** Somebody who asks every 10 ms, on one connection, and notes how long each answer took. */
export class Bystander {
  /** The longest wait so far, in ms. */
  worst = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  /** Asks the listener of `port` whose answers hold `end`. */
  constructor(port: number, end: string) {
    this.#done = this.#ask(port, end);
  }

  /** Ends it; rejects where an answer failed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #ask(port: number, end: string): Promise<void> {
    const client = await RawClient.open(port);
    try {
      while (!this.#stopped) {
        const before = performance.now();
        client.received = "";
        client.send(GET);
        await client.until(end, 60_000);
        this.worst = Math.max(this.worst, performance.now() - before);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } finally {
      client.close();
    }
  }
}
