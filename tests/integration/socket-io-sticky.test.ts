// Socket.IO end to end: long polling, then the upgrade to a WebSocket, on two servers behind one proxy.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo, Socket as NetSocket } from "node:net";
import { test, type TestContext } from "node:test";
import { Server, type Socket } from "socket.io";
import { io, type Socket as ClientSocket } from "socket.io-client";
import { eventually } from "../support/eventually.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";

/** A Socket.IO server that echoes what it gets, with its name. */
interface IoServer {
  readonly name: string;
  readonly port: number;
  readonly sockets: Socket[];
}

async function openServer(t: TestContext, name: string): Promise<IoServer> {
  const http = createServer();
  const server = new Server(http, { serveClient: false });
  const sockets: Socket[] = [];
  const raw = new Set<NetSocket>();
  http.on("connection", (socket: NetSocket) => raw.add(socket));
  server.on("connection", (socket: Socket) => {
    sockets.push(socket);
    socket.on("say", (text: unknown, answer: (text: string) => void) => answer(`${name} heard ${text}`));
    socket.on("bytes", (bytes: Uint8Array) => socket.emit("bytes", bytes));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    for (const socket of raw) socket.destroy();
    await server.close();
  });
  return { name, port: (http.address() as AddressInfo).port, sockets };
}

/** Two servers of one backend; the proxy's own cookie keeps a client with the one that it began with. */
async function openScene(t: TestContext): Promise<{ servers: IoServer[]; proxy: TestProxy }> {
  const servers = [await openServer(t, "one"), await openServer(t, "two")];
  const proxy = await startTestProxy({
    servers: servers.map(({ port }) => port),
    backend: { sticky: { cookie: "lb" }, timeouts: { tunnel_drain: "30ms" } },
  });
  t.after(() => proxy.stop());
  return { servers, proxy };
}

function connect(t: TestContext, proxy: TestProxy): ClientSocket {
  // `withCredentials` makes the client keep cookies outside of a browser as well.
  const socket = io(proxy.url, {
    forceNew: true,
    withCredentials: true,
    reconnectionDelay: 20,
    reconnectionDelayMax: 40,
  });
  t.after(() => socket.disconnect());
  return socket;
}

const transportOf = (socket: ClientSocket) => socket.io.engine?.transport.name;

test("Socket.IO stays with its server by the sticky cookie, through polling and the upgrade", async (t) => {
  const { servers, proxy } = await openScene(t);
  const clients = Array.from({ length: 6 }, () => connect(t, proxy));
  for (const client of clients) await eventually("a connection", () => client.connected);
  for (const client of clients) await eventually("the upgrade", () => transportOf(client) === "websocket");
  assert.deepEqual(servers.map(({ sockets }) => sockets.length), [3, 3]);
  const answers = await Promise.all(clients.map((client) => client.emitWithAck("say", "hello")));
  assert.equal(answers.filter((text) => text === "one heard hello").length, 3);
  assert.equal(proxy.inFlight(), clients.length);
  // None of the polls met a server that did not know it ("Session ID unknown" is a 400).
  assert.deepEqual(proxy.accesses.filter(({ status }) => Number(status) >= 400), []);
});

test("Socket.IO goes to another server when its own is drained", async (t) => {
  const { servers, proxy } = await openScene(t);
  const client = connect(t, proxy);
  await eventually("the WebSocket", () => client.connected && transportOf(client) === "websocket");
  const backend = proxy.running.snapshot.backends.get("app")!;
  const own = servers.findIndex(({ sockets }) => sockets.length === 1);
  const server = backend.servers.find(({ name }) => name.endsWith(`:${servers[own]!.port}`))!;
  backend.setState(server, "maint");
  await eventually("the other server", () => servers[1 - own]!.sockets.length === 1 && client.connected);
});
