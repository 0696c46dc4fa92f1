// A WebSocket that has to end is closed in its own words: 1001, between two frames, at both ends.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { DnsServer } from "../support/dns-server.ts";
import { eventually } from "../support/eventually.ts";
import type { RawClient } from "../support/raw-client.ts";
import type { RawConnection } from "../support/raw-server.ts";
import type { TestProxy } from "../support/test-proxy.ts";
import { closeOf, collect } from "../support/ws.ts";
import { asked, get, openScene, type SceneOptions } from "./scene.ts";
import { openEcho } from "./websocket-scene.ts";

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
/** A Close frame with 1001, as a server sends it. */
const GOING_AWAY = "\x88\x02\x03\xe9";
const SOON = { timeouts: { tunnel_drain: "30ms" } };

function setState(proxy: TestProxy, state: "ready" | "drain" | "maint"): void {
  const backend = proxy.running.snapshot.backends.get("app")!;
  backend.operate(backend.servers[0]!, { state });
}

/** The close code of the masked Close frame at the end of `text`. */
function closeCodeIn(text: string): number {
  const frame = Buffer.from(text.slice(-8), "latin1");
  assert.deepEqual([frame[0], frame[1]], [0x88, 0x82]);
  return ((frame[6]! ^ frame[2]!) << 8) | (frame[7]! ^ frame[3]!);
}

/** A WebSocket of bytes. */
async function openRaw(
  t: TestContext,
  options: SceneOptions = { backend: SOON },
): Promise<{ proxy: TestProxy; c: RawClient; s: RawConnection }> {
  const { server, proxy, client } = await openScene(t, options);
  const c = await client();
  c.send(get("/", "Connection: Upgrade", "Upgrade: websocket"));
  const s = await asked(server);
  s.send(SWITCH);
  await c.until("\r\n\r\n");
  return { proxy, c, s };
}

test("RunningProxy.stop() closes WebSockets with 1001 at both ends before it cuts", async (t) => {
  const { connect, sockets, proxy } = await openEcho(t, { config: { shutdown: { drain_timeout: "300ms" } } });
  const clients = await Promise.all([connect(), connect(), connect()]);
  await eventually("the servers' sides", () => sockets.length === 3);
  const closes = Promise.all([...clients, ...sockets].map(closeOf));
  assert.equal(await proxy.stop(), 0); // none had to be cut
  assert.deepEqual(await closes, Array.from({ length: 6 }, () => "1001"));
  await eventually("the log lines", () => proxy.accesses.length === 3);
  for (const { status, reason } of proxy.accesses) assert.deepEqual([status, reason], [101, "shutdown"]);
});

test("RunningProxy.stop() lets a WebSocket that ends by itself end by itself", async (t) => {
  const { connect, sockets, proxy } = await openEcho(t, { config: { shutdown: { drain_timeout: "5s" } } });
  const client = await connect();
  const server = await eventually("the server's side", () => sockets[0]);
  const closes = Promise.all([closeOf(client), closeOf(server)]);
  const stopped = proxy.stop();
  client.close(4001, "mine");
  assert.deepEqual(await closes, ["4001 mine", "4001 mine"]);
  assert.equal(await stopped, 0);
  assert.equal((await proxy.access(0))["reason"], "ok");
});

for (const state of ["drain", "maint"] as const) {
  test(`Backend.operate() closes WebSockets with 1001 after tunnel_drain: ${state}`, async (t) => {
    const { connect, sockets, proxy } = await openEcho(t, { backend: SOON });
    const client = await connect();
    const server = await eventually("the server's side", () => sockets[0]);
    const closes = Promise.all([closeOf(client), closeOf(server)]);
    setState(proxy, state);
    assert.deepEqual(await closes, ["1001", "1001"]);
    assert.equal((await proxy.access(0))["reason"], "shutdown");
    await eventually("the tunnel to end", () => proxy.inFlight() === 0 && proxy.running.connections === 0);
  });
}

test("Backend.operate() leaves the WebSockets of a server that is ready again in time", async (t) => {
  const { connect, sockets, proxy } = await openEcho(t, { backend: { timeouts: { tunnel_drain: "150ms" } } });
  const client = await connect();
  setState(proxy, "drain");
  setState(proxy, "ready");
  const started = performance.now();
  await eventually("the time to be over", () => performance.now() > started + 250);
  const messages = collect(client);
  client.send("still here");
  await eventually("the echo", () => messages.length === 1);
  assert.equal(sockets.length, 1);
});

test("Flow.leave() waits for the end of a large message, and drops what follows", async (t) => {
  const { connect, sockets, proxy } = await openEcho(t, { backend: SOON });
  const client = await connect([], { perMessageDeflate: false });
  const server = await eventually("the server's side", () => sockets[0]);
  const closes = Promise.all([closeOf(client), closeOf(server)]);
  const received = collect(server);
  server._socket.pause();
  const large = Buffer.alloc(16 * 1024 * 1024, "abc");
  client.send(large);
  client.send("dropped");
  setState(proxy, "drain");
  // The other direction is free, so the client has heard it long before the server has.
  await eventually("the client to hear it", () => client.readyState >= 2);
  server._socket.resume();
  assert.deepEqual(await closes, ["1001", "1001"]);
  assert.equal(received.length, 1);
  assert.ok(large.equals(received[0] as Buffer));
});

test("Flow.leave() waits for the end of a large message of the server", async (t) => {
  const { connect, sockets, proxy } = await openEcho(t, { backend: SOON });
  const client = await connect([], { perMessageDeflate: false });
  const server = await eventually("the server's side", () => sockets[0]);
  const closes = Promise.all([closeOf(client), closeOf(server)]);
  const received = collect(client);
  client._socket.pause();
  const large = Buffer.alloc(16 * 1024 * 1024, "abc");
  server.send(large);
  setState(proxy, "drain");
  await eventually("the server to hear it", () => server.readyState >= 2);
  client._socket.resume();
  assert.deepEqual(await closes, ["1001", "1001"]);
  assert.ok(large.equals(received[0] as Buffer));
});

test("Flow.leave() sends its Close between two parts of a message, masked toward the server (RFC 6455 §5.3, §5.4)", async (t) => {
  const { proxy, c, s } = await openRaw(t);
  c.send("\x01\x83\0\0\0\0abc"); // the first part of a text
  await s.until("abc");
  s.send("\x01\x03def");
  await c.until("def");
  setState(proxy, "drain");
  assert.ok((await c.until(GOING_AWAY)).endsWith("\x01\x03def" + GOING_AWAY));
  await eventually("the server's Close", () => s.received.split("abc")[1]!.length === 8);
  assert.equal(closeCodeIn(s.received), 1001);
  // What comes now is not passed on; the answers are heard, and end the tunnel.
  c.send("\x80\x83\0\0\0\0ghi\x88\x82\0\0\0\0\x03\xe9");
  s.send("\x88\x02\x03\xe9");
  await eventually("the end", () => c.ended && s.ended);
  assert.doesNotMatch(s.received, /ghi/);
  await eventually("the tunnel to end", () => proxy.inFlight() === 0);
});

test("Flow.leave() completes a frame that comes byte by byte, then says Close", async (t) => {
  const { proxy, c, s } = await openRaw(t);
  s.send("\x82\x7e\x01");
  await c.until("\x82\x7e\x01");
  setState(proxy, "drain");
  await eventually("the server to hear it", () => s.received.includes("\x88\x82"));
  await s.sendSlowly("\x00" + "y".repeat(256) + "\x81\x01z");
  const { received } = await c.until(GOING_AWAY).then(() => c);
  assert.ok(received.endsWith("\x82\x7e\x01\x00" + "y".repeat(256) + GOING_AWAY));
});

test("Flow.leave() completes a frame whose end is that of a large piece, then says Close", async (t) => {
  const { proxy, c, s } = await openRaw(t);
  s.send("\x82\x7e\x20\0"); // 8192 bytes
  await c.until("\x82\x7e\x20\0");
  setState(proxy, "drain");
  await s.until("\x88\x82"); // it leaves: the other direction was free
  const content = "x".repeat(8192);
  s.send(content);
  assert.ok((await c.until(GOING_AWAY)).endsWith(`\x82\x7e\x20\0${content}${GOING_AWAY}`));
  c.send("\x88\x82\0\0\0\0\x03\xe9");
  s.send("\x88\x02\x03\xe9");
  await eventually("the end", () => c.ended && s.ended);
  assert.equal((await proxy.access(0))["reason"], "shutdown");
});

test("Tunnel.goAway() cuts an end that never completes its frame, in a second", async (t) => {
  const { proxy, c, s } = await openRaw(t);
  c.send("\x82\xfe"); // a frame whose length never comes
  await s.until("\x82\xfe");
  setState(proxy, "drain");
  await c.until(GOING_AWAY);
  await eventually("the end of both", () => c.ended && (s.ended || s.closed));
  assert.match(s.received, /\x82\xfe$/); // nothing was put into its frame
  assert.equal((await proxy.access(0))["reason"], "shutdown");
});

test("Tunnel.goAway() puts nothing into a closing handshake of the two ends (RFC 6455 §5.5.1)", async (t) => {
  const { proxy, c, s } = await openRaw(t);
  c.send("\x88\x82\0\0\0\0\x0f\xa1"); // 4001
  await s.until("\x0f\xa1");
  setState(proxy, "drain");
  const later = performance.now();
  await eventually("the drain to begin", () => performance.now() > later + 100);
  s.send("\x88\x02\x0f\xa1");
  assert.ok((await c.until("\x0f\xa1")).endsWith("\x88\x02\x0f\xa1"));
  assert.ok(s.received.endsWith("\x0f\xa1"));
});

test("Tunnel.cut() is what other protocols get", async (t) => {
  const { server, proxy, client } = await openScene(t, { backend: SOON });
  const c = await client();
  c.send(get("/", "Connection: Upgrade", "Upgrade: echo/1"));
  const s = await asked(server);
  s.send(SWITCH.replace("websocket", "echo/1"));
  await c.until("\r\n\r\n");
  const before = c.received;
  setState(proxy, "drain");
  await eventually("the end of both", () => c.ended && s.ended);
  assert.equal(c.received, before);
});

/** The config of a scene's proxy with `port` as its only server. */
function configOf(port: number, backend: Record<string, unknown>) {
  return validateConfig({
    shutdown: { drain_timeout: "500ms", grace: "20ms" },
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app" }],
    backends: { app: { servers: [`http://127.0.0.1:${port}`], ...backend } },
  });
}

test("RunningProxy.reload() closes the WebSockets of a server that is gone, and no others", async (t) => {
  const { connect, sockets, port, proxy } = await openEcho(t, { backend: SOON });
  const client = await connect();
  const server = await eventually("the server's side", () => sockets[0]);
  const messages = collect(client);
  await proxy.running.reload(configOf(port, { ...SOON, balance: "random" }));
  const started = performance.now();
  await eventually("the time to be over", () => performance.now() > started + 100);
  client.send("still here");
  await eventually("the echo", () => messages.length === 1);
  const closes = Promise.all([closeOf(client), closeOf(server)]);
  await proxy.running.reload(configOf(1, SOON));
  assert.deepEqual(await closes, ["1001", "1001"]);
});

test("Membership closes the WebSockets of a server that is gone from DNS", async (t) => {
  const dns = await DnsServer.listen(t);
  dns.zone.set("app.test", ["127.0.0.1"]);
  const { connect, sockets, port, proxy } = await openEcho(t, {
    backend: SOON,
    config: { resolver: { servers: [dns.address], timeout: "500ms" } },
  });
  await proxy.running.reload(validateConfig({
    resolver: { servers: [dns.address], timeout: "500ms" },
    shutdown: { drain_timeout: "500ms", grace: "20ms" },
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "app" }],
    backends: { app: { servers: [{ url: `http://app.test:${port}`, resolve: "all" }], ...SOON } },
  }));
  const client = await connect();
  const server = await eventually("the server's side", () => sockets[0]);
  const closes = Promise.all([closeOf(client), closeOf(server)]);
  dns.zone.set("app.test", ["127.0.0.9"]);
  assert.deepEqual(await closes, ["1001", "1001"]);
});
