// A server may close an unused connection at the moment when the next request is on its way (RFC 9112 §9.3.1).
import assert from "node:assert/strict";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { setImmediate } from "node:timers";
import { LoadClient } from "../support/load-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { ok } from "./scene.ts";

const REQUESTS = Number(process.env["SLUICE_RACE"] ?? 20_000);
const CLIENTS = 16;
const SEED = 20_261_121;

/** Numbers from 0 up to, without, 1; the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A server that answers, and closes what is unused behind one answer or another. */
class FickleServer {
  raw!: RawServer;
  answered = 0;
  closes = 0;
  /** Requests that came on a connection that was being closed. */
  crossed = 0;
  readonly #random = seeded(SEED);
  readonly #close: (connection: RawConnection) => void;
  readonly #closing = new WeakSet<RawConnection>();
  readonly #timers = new WeakMap<RawConnection, ReturnType<typeof setTimeout>>();

  constructor(close: (connection: RawConnection) => void) {
    this.#close = close;
  }

  async listen(t: TestContext): Promise<void> {
    this.raw = await RawServer.listen({ onData: (connection) => this.#read(connection) });
    t.after(() => this.raw.close());
  }

  #read(connection: RawConnection): void {
    if (!connection.received.endsWith("\r\n\r\n")) return;
    const [, path] = connection.received.split(" ");
    connection.received = "";
    if (this.#closing.has(connection)) return void this.crossed++;
    clearTimeout(this.#timers.get(connection));
    this.answered++;
    connection.send(ok(path));
    const fate = this.#random();
    if (fate < 0.1) this.#leave(connection); // at once behind the answer
    else if (fate < 0.3) setImmediate(() => this.#leave(connection));
    else if (fate < 0.7) {
      this.#timers.set(connection, setTimeout(() => this.#leave(connection), this.#random() * 4));
    }
  }

  #leave(connection: RawConnection): void {
    if (this.#closing.has(connection)) return;
    this.closes++;
    this.#closing.add(connection);
    this.#close(connection);
  }
}

const CLOSES: [how: string, close: (connection: RawConnection) => void][] = [
  ["finishes sending", (connection) => connection.end()],
  ["closes", (connection) => connection.close()],
];
for (const [how, close] of CLOSES) {
  test(`no client sees a server that ${how} while a request comes`, { timeout: 300_000 }, async (t) => {
    const origin = new FickleServer(close);
    await origin.listen(t);
    const proxy = await startTestProxy({ servers: [origin.raw.port] });
    t.after(() => proxy.stop());
    const errors: string[] = [];
    let sent = 0;
    const ask = async () => {
      const client = new LoadClient(proxy.port);
      while (sent < REQUESTS) {
        const path = `/${sent++}`;
        try {
          const { status, body } = await client.ask(`GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
          if (status !== 200 || body !== path) errors.push(`${path}: ${status} ${body}`);
        } catch (error) {
          errors.push(`${path}: ${(error as Error).message}`);
        }
      }
      client.close();
    };
    await Promise.all(Array.from({ length: CLIENTS }, ask));
    t.diagnostic(`${origin.closes} closes, ${origin.crossed} requests came too late`);
    assert.deepEqual(errors.slice(0, 5), []);
    assert.equal(origin.answered, sent);
    assert.ok(origin.closes > sent / 10);
    assert.equal(proxy.inFlight(), 0);
    const strayed = proxy.accesses.filter(({ attempts, reason }) => attempts !== 1 || reason !== "ok");
    assert.deepEqual(strayed, []); // one attempt each: the dead connection was nobody's failure
  });
}
