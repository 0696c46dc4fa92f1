// Socket.IO end to end: long polling, then the upgrade to a WebSocket, on two servers behind one proxy.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { connect as connectTo, type IoServer, openServer, transportOf } from "./socket-io-scene.ts";

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

/** `withCredentials` makes a client keep cookies outside of a browser as well. */
const connect = (t: TestContext, proxy: TestProxy) => connectTo(t, proxy, { withCredentials: true });

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
  backend.operate(server, { state: "maint" });
  await eventually("the other server", () => servers[1 - own]!.sockets.length === 1 && client.connected);
});
