// Socket.IO end to end: long polling, then the upgrade to a WebSocket, on two servers behind one proxy.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { connect as connectTo, type IoServer, openServer, transportOf } from "./socket-io-scene.ts";

/** Two servers; a client's cookie `app` leads all of its requests to one of them. */
async function openScene(t: TestContext): Promise<{ servers: IoServer[]; proxy: TestProxy }> {
  const servers = [await openServer(t, "one"), await openServer(t, "two")];
  const [one, two] = servers.map(({ port }) => `http://127.0.0.1:${port}`);
  const proxy = await startTestProxy({
    servers: [],
    config: {
      frontends: [{
        name: "web",
        bind: "127.0.0.1:0",
        rules: [{ if: "cookie(app) == two", backend: "two" }],
        default_backend: "one",
      }],
      backends: { one: { servers: [one] }, two: { servers: [two], timeouts: { tunnel_drain: "30ms" } } },
    },
  });
  t.after(() => proxy.stop());
  return { servers, proxy };
}

const connect = (t: TestContext, proxy: TestProxy, app: string) =>
  connectTo(t, proxy, { extraHeaders: { Cookie: `app=${app}` } });

test("Socket.IO begins by polling and goes on as a WebSocket, on the server that it began with", async (t) => {
  const { servers, proxy } = await openScene(t);
  const clients = ["one", "two", "two", "one"].map((app) => connect(t, proxy, app));
  for (const client of clients) await eventually("a connection", () => client.connected);
  for (const client of clients) await eventually("the upgrade", () => transportOf(client) === "websocket");
  assert.deepEqual(servers.map(({ sockets }) => sockets.length), [2, 2]);
  const answers = await Promise.all(clients.map((client) => client.emitWithAck("say", "hello")));
  assert.deepEqual(answers, ["one heard hello", "two heard hello", "two heard hello", "one heard hello"]);
  const echoed = new Promise<Uint8Array>((resolve) => clients[1]!.once("bytes", resolve));
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  clients[1]!.emit("bytes", bytes);
  assert.deepEqual(new Uint8Array(await echoed), bytes);
  const polls = proxy.accesses.filter(({ target }) => String(target).includes("transport=polling"));
  assert.ok(polls.length >= 2 * clients.length);
  assert.equal(proxy.inFlight(), clients.length); // the WebSockets
});

test("Socket.IO without WebSockets goes on polling", async (t) => {
  const { proxy } = await openScene(t);
  const socket = connectTo(t, proxy, { transports: ["polling"] });
  t.after(() => socket.disconnect());
  for (let i = 0; i < 5; i++) assert.equal(await socket.emitWithAck("say", i), `one heard ${i}`);
  assert.equal(transportOf(socket), "polling");
});

test("Socket.IO connects again when its server is drained", async (t) => {
  const { servers, proxy } = await openScene(t);
  const client = connect(t, proxy, "two");
  await eventually("the WebSocket", () => client.connected && transportOf(client) === "websocket");
  let reason = "";
  client.on("disconnect", (why) => reason = why);
  const [one] = servers;
  await proxy.running.reload(validateConfig({
    shutdown: { drain_timeout: "500ms", grace: "20ms" },
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "one" }],
    backends: { one: { servers: [`http://127.0.0.1:${one!.port}`] } },
  }));
  await eventually("the other server", () => one!.sockets.length === 1 && client.connected);
  assert.equal(reason, "transport close");
  assert.equal(await client.emitWithAck("say", "again"), "one heard again");
});
