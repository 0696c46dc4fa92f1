import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { HELLO, type Origin } from "./origin.ts";

const GET_LOOPS = 8;
const TUNNEL_LOOPS = 4;

/** An answer takes milliseconds; one that takes longer than this hangs. */
const LIMIT_MS = 30_000;

/** GETs and new tunnels through a relay, on a connection of their own each, until it is stopped. */
export class Load {
  /** GETs that were answered whole. */
  gets = 0;
  /** Tunnels that were opened and carried a request and its answer. */
  tunnels = 0;
  /** What broke behind the head of a good answer, or in an open tunnel: no proxy can repeat that. */
  readonly cut: string[] = [];
  /** What failed although the other parent could have served it. */
  readonly errors: string[] = [];
  readonly #port: number;
  readonly #origin: Origin;
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(port: number, origin: Origin) {
    this.#port = port;
    this.#origin = origin;
    this.#loops = [
      ...Array.from({ length: GET_LOOPS }, () => this.#repeat(() => this.#get())),
      ...Array.from({ length: TUNNEL_LOOPS }, () => this.#repeat(() => this.#tunnel())),
    ];
  }

  /** The most requests that can be under way at a time. */
  static readonly LOOPS = GET_LOOPS + TUNNEL_LOOPS;

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  /** Waits until as many more of each were served. */
  async untilServed(gets: number, tunnels: number): Promise<void> {
    const [allGets, allTunnels] = [this.gets + gets, this.tunnels + tunnels];
    await eventually(
      `${gets} GETs and ${tunnels} tunnels more; so far ${this.gets} and ${this.tunnels}, ${this.errors[0]}`,
      () => this.gets >= allGets && this.tunnels >= allTunnels,
      LIMIT_MS,
    );
  }

  async #repeat(ask: () => Promise<void>): Promise<void> {
    while (!this.#stopped) await ask().catch((error) => this.errors.push(String(error)));
  }

  async #get(): Promise<void> {
    const client = await RawClient.open(this.#port);
    try {
      client.send(request(this.#origin.url("http", "/hello"), this.#origin));
      const answer = await client.untilClosed(LIMIT_MS);
      if (!isGood(answer)) this.errors.push(`GET: ${answer || client.error || "closed"}`);
      else if (!answer.endsWith(HELLO)) this.cut.push(`GET: ${answer}`);
      else this.gets++;
    } finally {
      client.close();
    }
  }

  async #tunnel(): Promise<void> {
    const client = await RawClient.open(this.#port);
    try {
      const authority = `127.0.0.1:${this.#origin.httpPort}`;
      client.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
      await eventually(
        "the answer to CONNECT",
        () => client.received.includes("\r\n\r\n") || client.closed || client.ended,
        LIMIT_MS,
      );
      const opening = client.received;
      if (!isGood(opening)) return void this.errors.push(`CONNECT: ${opening || client.error || "closed"}`);
      client.send(request("/hello", this.#origin));
      const answer = await client.untilClosed(LIMIT_MS);
      if (answer.endsWith(HELLO)) this.tunnels++;
      else this.cut.push(`tunnel: ${answer}`);
    } finally {
      client.close();
    }
  }
}

function request(target: string, { httpPort }: Origin): string {
  return `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${httpPort}\r\nConnection: close\r\n\r\n`;
}

function isGood(answer: string): boolean {
  return /^HTTP\/1\.1 200 [^]*\r\n\r\n/.test(answer);
}
