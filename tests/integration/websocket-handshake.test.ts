// How a WebSocket begins: the server decides, and the client gets its word.
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { WebSocket } from "../support/ws.ts";
import { asked, get, openScene } from "./scene.ts";
import { connect, openEcho, openEchoServer, refusalOf } from "./websocket-scene.ts";

const HANDSHAKE = get("/", "Connection: Upgrade", "Upgrade: websocket");
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n";

test("requestHead() gives the server every field of a handshake, and who asks", async (t) => {
  const { connect, handshakes } = await openEcho(t);
  await connect(["echo.v2"], {
    origin: "https://page.example",
    headers: {
      Cookie: "session=1; theme=dark",
      Authorization: "Bearer abc",
      "User-Agent": "mine/1.0",
      "X-Custom": "yes",
      "X-Forwarded-For": "203.0.113.9",
    },
  });
  const { headers } = handshakes[0]!;
  assert.deepEqual({
    cookie: headers.cookie,
    authorization: headers.authorization,
    agent: headers["user-agent"],
    custom: headers["x-custom"],
    origin: headers.origin,
    version: headers["sec-websocket-version"],
    protocol: headers["sec-websocket-protocol"],
    forwardedFor: headers["x-forwarded-for"],
    proto: headers["x-forwarded-proto"],
    connection: headers.connection,
    upgrade: headers.upgrade,
  }, {
    cookie: "session=1; theme=dark",
    authorization: "Bearer abc",
    agent: "mine/1.0",
    custom: "yes",
    origin: "https://page.example",
    version: "13",
    protocol: "echo.v2",
    forwardedFor: "203.0.113.9, 127.0.0.1",
    proto: "http",
    connection: "Upgrade",
    upgrade: "websocket",
  });
  assert.match(headers["sec-websocket-extensions"]!, /^permessage-deflate/);
  assert.match(String(headers["x-forwarded-host"]), /^127\.0\.0\.1:\d+$/);
});

test("toClientResponse() gives the client the server's own 101, with both of its cookies", async (t) => {
  const { server, proxy } = await openScene(t);
  const ws = new WebSocket(proxy.url.replace("http", "ws"), [], {});
  const seen = new Promise<IncomingMessage>((resolve) => ws.on("upgrade", resolve as never));
  ws.on("error", () => {});
  const connection = await asked(server);
  connection.send(
    `${SWITCH}Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Mine: 1\r\nSec-WebSocket-Accept: no\r\n\r\n`,
  );
  const { headers } = await seen;
  assert.deepEqual(headers["set-cookie"], ["a=1", "b=2"]);
  assert.deepEqual([headers["x-mine"], headers["sec-websocket-accept"], headers.via], [
    "1",
    "no",
    "1.1 sluice",
  ]);
});

test("joinTunnel() keeps the first message of a server that sends it with its 101", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(HANDSHAKE + "\x81\x82\0\0\0\0hi");
  const connection = await asked(server);
  connection.send(`${SWITCH}\r\n\x81\x05hello`);
  assert.ok((await c.until("hello")).endsWith("\r\n\r\n\x81\x05hello"));
  await connection.until("\x81\x82\0\0\0\0hi");
});

for (const status of [401, 403, 404]) {
  test(`forward() gives a WebSocket client the server's refusal: ${status}`, async (t) => {
    const { proxy } = await openEcho(t);
    const refusal = await refusalOf(proxy, `/${status}`);
    assert.deepEqual([refusal.status, refusal.body, refusal.headers["x-why"]], [
      status,
      "not for you",
      "because",
    ]);
    assert.equal((await proxy.access(0))["status"], status);
    await eventually("nothing in flight", () => proxy.inFlight() === 0);
  });
}

test("forward() answers a handshake 502 where the server refuses connections", async (t) => {
  const gone = await RawServer.listen();
  await gone.close();
  const proxy = await startTestProxy({ servers: [gone.port] });
  t.after(() => proxy.stop());
  assert.equal((await refusalOf(proxy, "/")).status, 502);
  assert.equal((await proxy.access(0))["reason"], "connect_refused");
});

test("forward() answers a handshake 503 where no server is available", async (t) => {
  const { proxy } = await openEcho(t);
  const backend = proxy.running.snapshot.backends.get("app")!;
  backend.operate(backend.servers[0]!, { state: "maint" });
  assert.equal((await refusalOf(proxy, "/")).status, 503);
  assert.equal((await proxy.access(0))["reason"], "no_server");
});

test("forward() answers a handshake 504 where the server does not answer in time", async (t) => {
  const { proxy } = await openScene(t, {
    backend: { timeouts: { response: "60ms" }, retries: { attempts: 1 } },
  });
  assert.equal((await refusalOf(proxy, "/")).status, 504);
  assert.equal((await proxy.access(0))["reason"], "response_timeout");
});

test("forward() takes a handshake to another server where the first is gone", async (t) => {
  const gone = await RawServer.listen();
  await gone.close();
  const echo = await openEchoServer(t);
  const proxy = await startTestProxy({ servers: [gone.port, echo.port], backend: { balance: "first" } });
  const ws = await connect(proxy);
  t.after(() => (ws.terminate(), proxy.stop()));
  ws.terminate();
  assert.equal((await proxy.access(0))["tried"], `http://127.0.0.1:${gone.port} connect_refused`);
});

test("Backend.pick() counts WebSockets among the requests under way for their whole life", async (t) => {
  const servers = [await openEchoServer(t), await openEchoServer(t)];
  const proxy = await startTestProxy({
    servers: servers.map(({ port }) => port),
    backend: { balance: "leastconn" },
  });
  t.after(() => proxy.stop());
  const sockets = [];
  for (let i = 0; i < 6; i++) sockets.push(await connect(proxy));
  assert.deepEqual(servers.map((server) => server.sockets.length), [3, 3]);
  const [first] = servers;
  for (const ws of first!.sockets) ws.close();
  await eventually("three to end", () => proxy.inFlight() === 3);
  for (let i = 0; i < 3; i++) sockets.push(await connect(proxy));
  assert.deepEqual(servers.map((server) => server.sockets.length), [6, 3]);
  for (const ws of sockets) ws.terminate();
  await eventually("all to end", () => proxy.inFlight() === 0);
});

test("logAccess() writes bytes and duration of a WebSocket when it is over", async (t) => {
  const { connect, proxy } = await openEcho(t);
  const started = performance.now();
  const ws = await connect([], { perMessageDeflate: false });
  ws.send("x".repeat(100)); // 2 bytes of header, 4 of mask
  await new Promise<void>((resolve) => ws.on("message", () => resolve()));
  assert.equal(proxy.accesses.length, 0);
  ws.close(1000);
  const access = await proxy.access(0);
  // A Close frame with a code each way.
  assert.deepEqual([access["bytes_in"], access["bytes_out"]], [106 + 8, 102 + 4]);
  assert.ok(Number(access["elapsed_ms"]) <= performance.now() - started);
  assert.deepEqual([access["status"], access["reason"], access["backend"]], [101, "ok", "app"]);
});

test("Lease.headSeen() counts a handshake for the health of its server at once", async (t) => {
  const { server, proxy, client } = await openScene(t, {
    backend: { ejection: { failures: 2, min_requests: 2 }, retries: { attempts: 1 } },
  });
  const backend = proxy.running.snapshot.backends.get("app")!;
  let passed = 0;
  const [target] = backend.servers;
  t.mock.method(target!.outcomes, "onPassed", () => passed++);
  const c = await client();
  c.send(HANDSHAKE);
  (await asked(server)).send(`${SWITCH}\r\n`);
  await c.until("101");
  assert.equal(passed, 1);
  server.connections[0]!.reset();
  assert.equal((await proxy.access(0))["reason"], "upstream_reset");
  assert.equal(passed, 1);
  assert.deepEqual([...target!.failures], []);
});

test("joinTunnel() says in the log that nothing moved for tunnel_idle", async (t) => {
  const { connect, proxy } = await openEcho(t, { backend: { timeouts: { tunnel_idle: "80ms" } } });
  await connect();
  const { reason, detail } = await proxy.access(0);
  assert.deepEqual([reason, detail], ["ok", "Nothing moved for tunnel_idle (80ms)"]);
});

test("joinTunnel() blames a client that breaks its WebSocket, and no server", async (t) => {
  const { server, proxy } = await openScene(t);
  const c = await RawClient.open(proxy.port);
  c.send(HANDSHAKE);
  (await asked(server)).send(`${SWITCH}\r\n`);
  await c.until("101");
  c.reset();
  assert.equal((await proxy.access(0))["reason"], "client_closed");
});
