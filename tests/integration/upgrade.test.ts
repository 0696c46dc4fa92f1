// After the server's 101 a connection is a tunnel of bytes, and not before.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { asked, bodyOf, get, messagesIn, ok, openScene, request } from "./scene.ts";

const ASK = ["Connection: keep-alive, Upgrade", "Upgrade: echo/1"];
const SWITCH =
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\nX-Mine: yes\r\n\r\n";

test("joinTunnel() carries bytes both ways after the server's 101", async (t) => {
  const { server, proxy, client } = await openScene(t);
  const c = await client();
  c.send(get("/", ...ASK));
  const connection = await asked(server);
  assert.match(connection.received, /\r\nConnection: Upgrade\r\nUpgrade: echo\/1\r\n/);
  assert.equal(c.received, "");
  connection.send(SWITCH);
  const head = await c.until("\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
  assert.match(head, /\r\nConnection: Upgrade\r\n/i);
  assert.match(head, /\r\nUpgrade: echo\/1\r\n/i);
  assert.match(head, /\r\nX-Mine: yes\r\n/);
  const sent = "\x00\xff GET / HTTP/1.1\r\n\r\n";
  c.send(sent);
  await connection.until(sent);
  connection.send("\x81\x02ok");
  await c.until("\x81\x02ok");
  assert.equal(proxy.inFlight(), 1);
  c.close();
  await eventually("the tunnel to end", () => connection.ended && proxy.inFlight() === 0);
  const access = await proxy.access(0);
  const { status, reason, bytes_in: bytesIn, bytes_out: bytesOut } = access;
  assert.deepEqual({ status, reason, bytesIn, bytesOut }, {
    status: 101,
    reason: "ok",
    bytesIn: sent.length,
    bytesOut: 4,
  });
});

test("joinTunnel() holds what a client sends early until the server's 101, and keeps it", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(get("/", ...ASK) + "EARLY1");
  const connection = await asked(server);
  c.send("EARLY2");
  // A request that came later has passed through: what was sent before it would have arrived.
  const other = await client();
  other.send(get("/other"));
  await asked(server, 1);
  assert.equal(bodyOf(connection.received), "");
  connection.send(SWITCH);
  await c.until("\r\n\r\n");
  c.send("LATER");
  await connection.until("EARLY1EARLY2LATER");
});

test("joinTunnel() keeps what the server sends together with its 101", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(get("/", ...ASK));
  (await asked(server)).send(SWITCH + "FIRST");
  assert.equal(bodyOf(await c.until("FIRST")), "FIRST");
});

test("forward() passes a refused handshake with its body to the client, and the connection goes on", async (t) => {
  const { server, client } = await openScene(t, {
    answer: (head) =>
      head.includes("Upgrade") ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno" : ok("plain"),
  });
  const c = await client();
  c.send(get("/", ...ASK));
  assert.match(await c.until("\r\n\r\nno"), /^HTTP\/1\.1 403 Forbidden\r\n/);
  c.send(get("/next"));
  await c.until("\r\n\r\nplain");
  assert.equal(server.connections.length, 1);
});

test("forward() takes what follows a refused handshake for the next request", async (t) => {
  const { client } = await openScene(t, {
    answer: (head) =>
      head.includes("Upgrade") ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno" : ok("plain"),
  });
  const c = await client();
  c.send(get("/", ...ASK) + get("/next"));
  assert.match(await c.until("plain"), /403 Forbidden[^]*\r\n\r\nnoHTTP\/1\.1 200 OK/);
});

test("joinTunnel() passes a half-close on and lets the other direction finish: client first", async (t) => {
  const { server, proxy, client } = await openScene(t);
  const c = await client();
  c.send(get("/", ...ASK));
  const connection = await asked(server);
  connection.socket.removeAllListeners("end");
  connection.socket.on("end", () => connection.ended = true);
  connection.send(SWITCH);
  await c.until("\r\n\r\n");
  c.send("the end");
  c.end();
  await eventually("the half-close at the server", () => connection.ended);
  assert.match(connection.received, /the end$/);
  connection.send("still talking");
  await c.until("still talking");
  assert.equal(c.ended, false);
  connection.end();
  await eventually("the end at the client", () => c.ended);
  await eventually("the tunnel to end", () => proxy.inFlight() === 0);
});

test("joinTunnel() passes a half-close on and lets the other direction finish: server first", async (t) => {
  const { server, proxy, client } = await openScene(t);
  const c = await client();
  c.send(get("/", ...ASK));
  const connection = await asked(server);
  connection.send(SWITCH);
  connection.send("goodbye");
  connection.end();
  await eventually("the half-close at the client", () => c.ended);
  assert.match(c.received, /goodbye$/);
  c.send("one more");
  await connection.until("one more");
  c.end();
  await eventually("the tunnel to end", () => proxy.inFlight() === 0 && proxy.running.connections === 0);
});

test("joinTunnel() breaks one side when the other breaks", async (t) => {
  const { server, proxy, client } = await openScene(t);
  for (const side of ["client", "server"]) {
    const c = await client();
    c.send(get("/", ...ASK));
    const connection = await asked(server, server.connections.length);
    connection.send(SWITCH);
    await c.until("\r\n\r\n");
    (side === "client" ? c : connection).reset();
    const other = side === "client" ? connection : c;
    await eventually("the other side to learn it", () => other.ended || other.closed);
    await eventually("the tunnel to end", () => proxy.inFlight() === 0);
  }
});

test("joinTunnel() closes where nothing flows for tunnel_idle, and not while one side talks", async (t) => {
  const { server, proxy, client } = await openScene(t, { backend: { timeouts: { tunnel_idle: "150ms" } } });
  const c = await client();
  c.send(get("/", ...ASK));
  const connection = await asked(server);
  connection.send(SWITCH);
  await c.until("\r\n\r\n");
  const started = performance.now();
  for (let i = 0; i < 8; i++) {
    await eventually("its time", () => performance.now() >= started + 40 * i);
    connection.send(`<${i}>`);
    await c.until(`<${i}>`);
  }
  await eventually("the end of both sides", () => c.ended && connection.ended);
  await eventually("nothing to be in flight", () => proxy.inFlight() === 0);
});

test("joinTunnel() holds a fast side back while the other does not read", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(get("/", ...ASK));
  const connection = await asked(server);
  connection.send(SWITCH);
  await c.until("\r\n\r\n");
  c.socket.pause();
  const before = c.received.length;
  const total = 24_000_000;
  connection.send("y".repeat(total));
  let last = -1;
  let still = 0;
  await eventually("the server to be held back", () => {
    const left = connection.socket.writableLength;
    still = left === last ? still + 1 : 0;
    last = left;
    return still >= 20;
  });
  assert.ok(last > total / 4, `${last} bytes wait`);
  c.socket.resume();
  await eventually("all of it", () => c.received.length - before === total, 4500);
});

const NOT_FORWARDED: [why: string, text: string][] = [
  ["h2c", get("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ")],
  ["a body behind it", request("POST", "/", [...ASK, "Content-Length: 2"]) + "hi"],
  ["no Connection: Upgrade", get("/", "Upgrade: echo/1")],
  ["HTTP/1.0", `GET / HTTP/1.0\r\nHost: a.example\r\n${ASK.join("\r\n")}\r\n\r\n`],
];
for (const [why, text] of NOT_FORWARDED) {
  test(`requestedUpgrade() does not ask the server to switch: ${why}`, async (t) => {
    const { server, client } = await openScene(t, { answer: ok("plain") });
    const c = await client();
    c.send(text);
    await c.until("plain");
    assert.doesNotMatch(server.received, /^(?:upgrade|connection|http2-settings):/im);
    assert.equal(messagesIn(c.received), 1);
  });
}

test("ConnectionPool counts a tunnel among max_connections until it is over", async (t) => {
  const upgrade = request("GET", "/", ["Connection: Upgrade", "Upgrade: websocket"]);
  const { client } = await openScene(t, {
    answer: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    entry: { max_connections: 1 },
    backend: { timeouts: { queue: "100ms" } },
  });
  const first = await client();
  first.send(upgrade);
  await first.until("101 Switching");
  const second = await client();
  second.send(upgrade);
  await second.until("503 Service Unavailable: queue_timeout");
  first.close();
  await eventually("the place to come free", async () => {
    const third = await client();
    third.send(upgrade);
    return (await third.until("\r\n\r\n")).includes("101 Switching");
  });
});
