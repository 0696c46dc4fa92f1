// The WebSocket client and server of the registry talk through the proxy.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";

/** What the tests use of a WebSocket of `ws`, which comes without types. */
interface Ws {
  readonly protocol: string;
  readonly extensions: string;
  readonly readyState: number;
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): void;
  on(
    event: "open" | "error" | "unexpected-response" | "ping" | "pong",
    listener: (...args: never[]) => void,
  ): void;
  on(event: "close", listener: (code: number, reason: Buffer) => void): void;
  send(data: string | Uint8Array): void;
  ping(data: string): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
}
interface WsServer {
  on(event: "connection", listener: (socket: Ws) => void): void;
}
interface WsModule {
  WebSocket: new (url: string, protocols: string[], options: Record<string, unknown>) => Ws;
  WebSocketServer: new (options: Record<string, unknown>) => WsServer;
}

// By its path: under its name Bun gives something of its own.
const PACKAGE = new URL("../../node_modules/ws/wrapper.mjs", import.meta.url).href;
const { WebSocket, WebSocketServer } = await import(PACKAGE) as WsModule;

const COMPRESSION = { threshold: 0 };

test("joinTunnel() carries WebSocket messages with compression and a subprotocol", async (t) => {
  const { proxy } = await openEcho(t);
  const ws = await connect(proxy, ["nope", "echo.v2"]);
  assert.equal(ws.protocol, "echo.v2");
  assert.match(ws.extensions, /permessage-deflate/);
  const messages = collect(ws);
  const texts = ["hello", "grüße 🙂", "x".repeat(70_000), ""];
  for (const text of texts) ws.send(text);
  const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  ws.send(binary);
  await eventually("all echoes", () => messages.length === 5);
  assert.deepEqual(messages.slice(0, 4), texts);
  assert.deepEqual(messages[4], binary);
});

test("joinTunnel() carries pings, close codes and reasons both ways", async (t) => {
  const { proxy, sockets } = await openEcho(t);
  const ws = await connect(proxy);
  let pong = "";
  ws.on("pong", (data: Buffer) => pong = data.toString());
  ws.ping("are you there");
  await eventually("the pong", () => pong === "are you there");
  const closed: string[] = [];
  sockets[0]!.on("close", (code, reason) => closed.push(`server ${code} ${reason}`));
  ws.on("close", (code, reason) => closed.push(`client ${code} ${reason}`));
  ws.close(4001, "done here");
  await eventually("both to close", () => closed.length === 2);
  assert.deepEqual(closed.sort(), ["client 4001 done here", "server 4001 done here"]);
  await eventually("the tunnel to end", () => proxy.inFlight() === 0 && proxy.running.connections === 0);
  assert.equal((await proxy.access(0))["status"], 101);
  assert.equal((await proxy.access(0))["reason"], "ok");
});

test("joinTunnel() carries 100 WebSockets at the same time", async (t) => {
  const { proxy } = await openEcho(t);
  const all = await Promise.all(Array.from({ length: 100 }, () => connect(proxy)));
  const messages = all.map(collect);
  all.forEach((ws, i) => ws.send(`number ${i}`));
  await eventually("every echo", () => messages.every((list) => list.length === 1));
  messages.forEach((list, i) => assert.deepEqual(list, [`number ${i}`]));
  assert.equal(proxy.inFlight(), 100);
  for (const ws of all) ws.terminate();
  await eventually("all tunnels to end", () => proxy.inFlight() === 0);
});

test("joinTunnel() tells a WebSocket client that the server is gone", async (t) => {
  const { proxy, sockets } = await openEcho(t);
  const ws = await connect(proxy);
  let code = 0;
  ws.on("close", (closeCode) => code = closeCode);
  await eventually("the server's side", () => sockets[0]);
  sockets[0]!.terminate();
  await eventually("the client to learn it", () => code !== 0);
  assert.equal(code, 1006);
});

test("forward() gives a WebSocket client the server's refusal", async (t) => {
  const { proxy } = await openEcho(t);
  const ws = new WebSocket(`${proxy.url.replace("http", "ws")}/forbidden`, [], {});
  const body = await new Promise<string>((resolve, reject) => {
    ws.on("error", reject as never);
    ws.on(
      "unexpected-response",
      ((_: unknown, response: AsyncIterable<Buffer> & { statusCode: number }) => {
        void (async () => {
          let text = `${response.statusCode} `;
          for await (const chunk of response) text += chunk;
          resolve(text);
        })();
      }) as never,
    );
  });
  assert.equal(body, "403 not for you");
});

interface Echo {
  readonly proxy: TestProxy;
  /** The server's side of each WebSocket. */
  readonly sockets: Ws[];
}

async function openEcho(t: TestContext): Promise<Echo> {
  const http: Server = createServer();
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: COMPRESSION,
    handleProtocols: (offered: Set<string>) => offered.has("echo.v2") ? "echo.v2" : false,
  }) as WsServer & {
    handleUpgrade(request: unknown, socket: unknown, head: unknown, done: (ws: Ws) => void): void;
  };
  const sockets: Ws[] = [];
  const raw = new Set<Socket>();
  http.on("connection", (socket: Socket) => raw.add(socket));
  http.on("upgrade", (request, socket, head) => {
    if (request.url === "/forbidden") {
      return void socket.end(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 11\r\nConnection: close\r\n\r\nnot for you",
      );
    }
    server.handleUpgrade(request, socket, head, (ws) => {
      sockets.push(ws);
      ws.on("error", () => {});
      ws.on("message", (data, isBinary) => ws.send(isBinary ? data : data.toString()));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const proxy = await startTestProxy({ servers: [(http.address() as AddressInfo).port] });
  t.after(async () => {
    for (const ws of sockets) ws.terminate();
    for (const socket of raw) socket.destroy();
    http.close();
    await proxy.stop();
  });
  return { proxy, sockets };
}

function connect(proxy: TestProxy, protocols: string[] = []): Promise<Ws> {
  const ws = new WebSocket(proxy.url.replace("http", "ws"), protocols, { perMessageDeflate: COMPRESSION });
  return new Promise((resolve, reject) => {
    ws.on("error", reject as never);
    ws.on("open", () => resolve(ws));
  });
}

/** Texts and binary messages in the order in which they come. */
function collect(ws: Ws): (string | Buffer)[] {
  const messages: (string | Buffer)[] = [];
  ws.on("message", (data, isBinary) => messages.push(isBinary ? data : data.toString()));
  return messages;
}
