import type { Buffer } from "node:buffer";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { startTestProxy, type TestConfig, type TestProxy } from "../support/test-proxy.ts";
import { WebSocket, WebSocketServer, type Ws } from "../support/ws.ts";

/** A server that sends back every message, and what it saw. */
export interface EchoServer {
  readonly port: number;
  /** Its side of each WebSocket. */
  readonly sockets: Ws[];
  /** The handshakes. */
  readonly handshakes: IncomingMessage[];
}

/** Opens an echo server that chooses the subprotocol `echo.v2` and refuses a path such as `/403` with that status. */
export async function openEchoServer(
  t: TestContext,
  options: Record<string, unknown> = {},
): Promise<EchoServer> {
  const http = createServer();
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: { threshold: 0 },
    handleProtocols: (offered: Set<string>) => offered.has("echo.v2") ? "echo.v2" : false,
    ...options,
  });
  const sockets: Ws[] = [];
  const handshakes: IncomingMessage[] = [];
  const raw = new Set<Socket>();
  http.on("connection", (socket: Socket) => raw.add(socket));
  http.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    handshakes.push(request);
    const refusal = /^\/(\d+)$/.exec(request.url!)?.[1];
    if (refusal !== undefined) {
      return void socket.end(
        `HTTP/1.1 ${refusal} No\r\nX-Why: because\r\nContent-Length: 11\r\nConnection: close\r\n\r\nnot for you`,
      );
    }
    server.handleUpgrade(request, socket, head, (ws) => {
      sockets.push(ws);
      ws.on("error", () => {});
      ws.on("message", (data, isBinary) => ws.send(isBinary ? data : data.toString()));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const ws of sockets) ws.terminate();
    for (const socket of raw) socket.destroy();
    http.close();
  });
  return { port: (http.address() as AddressInfo).port, sockets, handshakes };
}

/** An echo server behind a proxy. */
export interface EchoScene extends EchoServer {
  readonly proxy: TestProxy;
  /** Opens a WebSocket through the proxy. */
  connect(protocols?: readonly string[], options?: Record<string, unknown>): Promise<Ws>;
}

/** Opens an echo server and a proxy in front of it. */
export async function openEcho(
  t: TestContext,
  { server, ...config }: Omit<TestConfig, "servers"> & { server?: Record<string, unknown> } = {},
): Promise<EchoScene> {
  const echo = await openEchoServer(t, server);
  const proxy = await startTestProxy({ servers: [echo.port], ...config });
  const clients: Ws[] = [];
  t.after(async () => {
    for (const client of clients) client.terminate();
    await proxy.stop();
    await eventually("no request in flight", () => proxy.inFlight() === 0);
  });
  return {
    ...echo,
    proxy,
    async connect(protocols, options) {
      const ws = await connect(proxy, protocols, options);
      clients.push(ws);
      return ws;
    },
  };
}

/** Opens a WebSocket through `proxy`, with compression unless `options` say otherwise. */
export function connect(
  proxy: TestProxy,
  protocols: readonly string[] = [],
  options: Record<string, unknown> = {},
): Promise<Ws> {
  const ws = new WebSocket(proxy.url.replace("http", "ws"), protocols, {
    perMessageDeflate: { threshold: 0 },
    ...options,
  });
  return new Promise((resolve, reject) => {
    ws.on("error", reject as never);
    ws.on("open", () => resolve(ws));
  });
}

/** Asks for a WebSocket that is refused; resolves with status, fields and body of the answer. */
export function refusalOf(
  proxy: TestProxy,
  path: string,
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  const ws = new WebSocket(proxy.url.replace("http", "ws") + path, [], {});
  return new Promise((resolve, reject) => {
    ws.on("error", reject as never);
    ws.on(
      "unexpected-response",
      ((_: unknown, response: AsyncIterable<Buffer> & { statusCode: number; headers: object }) => {
        void (async () => {
          let body = "";
          for await (const chunk of response) body += chunk;
          resolve({ status: response.statusCode, headers: { ...response.headers }, body });
        })();
      }) as never,
    );
  });
}
