import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { TestContext } from "node:test";
import { countSockets } from "../support/counted-sockets.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestConfig, type TestProxy } from "../support/test-proxy.ts";

/** A server of bytes, a proxy in front of it and its clients; all are closed when the test is over. */
export interface Scene {
  readonly server: RawServer;
  readonly proxy: TestProxy;
  /** Connects a client to the proxy. */
  client(): Promise<RawClient>;
}

/** What is special about a scene. `answer` is the server's answer to every head it sees; without it, it is silent. */
export interface SceneOptions extends Omit<TestConfig, "servers"> {
  readonly answer?: string | ((head: string, connection: RawConnection) => string | undefined);
  readonly onData?: (connection: RawConnection, chunk: Buffer) => void;
  readonly onConnection?: (connection: RawConnection) => void;
  /** Keys of the server's entry besides its URL. */
  readonly entry?: Record<string, unknown>;
  /** Base path of the server's URL. */
  readonly base?: string;
}

/** Opens a scene. Its end asserts that no request is counted as under way any more (promise 4), and no socket as open. */
export async function openScene(t: TestContext, options: SceneOptions = {}): Promise<Scene> {
  const { answer, onData, onConnection, entry, base = "", ...config } = options;
  const server = answer === undefined
    ? await RawServer.listen({ ...(onData && { onData }), ...(onConnection && { onConnection }) })
    : await RawServer.answering(answer);
  const url = `http://127.0.0.1:${server.port}${base}`;
  const allClosed = countSockets();
  const proxy = await startTestProxy({ servers: [{ url, ...entry }], ...config });
  const clients: RawClient[] = [];
  t.after(async () => {
    for (const client of clients) client.close();
    await proxy.stop();
    await server.close();
    await eventually("no request in flight", () => proxy.inFlight() === 0);
    await allClosed();
  });
  return {
    server,
    proxy,
    async client() {
      const client = await RawClient.open(proxy.port);
      clients.push(client);
      return client;
    },
  };
}

/** Waits until connection number `index` of the proxy brought a request head, and returns it. */
export async function asked(server: RawServer, index = 0): Promise<RawConnection> {
  const connection = await eventually(`connection ${index} of the proxy`, () => server.connections[index]);
  await connection.until("\r\n\r\n");
  return connection;
}

/** A GET with a Host and `lines`, each without its line end. */
export function get(path = "/", ...lines: string[]): string {
  return request("GET", path, lines);
}

/** A GET under a name of this machine, as the admin listener wants it. */
export function ofOperator(path: string, ...lines: string[]): string {
  return get(path, ...lines).replace(/^Host: .*$/m, "Host: localhost");
}

/** A POST of `body` with its Content-Length. */
export function post(body: string, ...lines: string[]): string {
  return request("POST", "/", [...lines, `Content-Length: ${body.length}`]) + body;
}

/** A request head. */
export function request(method: string, path: string, lines: readonly string[] = []): string {
  return [`${method} ${path} HTTP/1.1`, "Host: a.example", ...lines, "", ""].join("\r\n");
}

/** An answer with a Content-Length. */
export function ok(body = "", ...lines: string[]): string {
  return ["HTTP/1.1 200 OK", ...lines, `Content-Length: ${body.length}`, "", body].join("\r\n");
}

/** The path in the request line of `head`. */
export function pathOf(head: string): string {
  return head.split(" ")[1]!;
}

/** Everything behind the first empty line. */
export function bodyOf(text: string): string {
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

/** A chunked body without its framing. Asserts that it is complete and that nothing follows. */
export function dechunk(text: string): { body: string; trailers: string } {
  let body = "";
  let at = 0;
  for (;;) {
    const end = text.indexOf("\r\n", at);
    assert.notEqual(end, -1);
    const size = parseInt(text.slice(at, end), 16);
    at = end + 2;
    if (size === 0) break;
    body += text.slice(at, at + size);
    assert.equal(text.slice(at + size, at + size + 2), "\r\n");
    at += size + 2;
  }
  const trailers = text.slice(at);
  assert.ok(trailers === "\r\n" || /^(?:[^\r\n]+\r\n)+\r\n$/.test(trailers));
  return { body, trailers: trailers.slice(0, -2) };
}

/** How many requests and answers begin in `text`. */
export function messagesIn(text: string): number {
  return text.match(/[A-Z]+ \S+ HTTP\/1\.[01]\r\n|HTTP\/1\.[01] \d{3} /g)?.length ?? 0;
}

/** `text` as the bytes it stands for. */
export function bytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
