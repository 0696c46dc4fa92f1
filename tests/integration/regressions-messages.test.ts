// The list of regressions.test.ts goes on: faults that our predecessors had, none of which may come back.
import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { eventually } from "../support/eventually.ts";
import { roundTrip } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { requestRate } from "../support/request-rate.ts";
import { asked, bodyOf, bytes, dechunk, get, messagesIn, ok, openScene, request } from "./scene.ts";

/** What the tests use of a WebSocket of `ws`, which comes without types. */
interface Ws {
  on(event: "open", listener: () => void): Ws;
  on(event: "error", listener: (error: Error) => void): Ws;
  on(event: "close", listener: (code: number, reason: Buffer) => void): Ws;
  close(code: number, reason: string): void;
  terminate(): void;
}
interface WsModule {
  WebSocket: new (url: string) => Ws;
  WebSocketServer: new (options: Record<string, unknown>) => {
    on(event: "connection", listener: (socket: Ws) => void): void;
  };
}

// By its path: under its name Bun gives something of its own.
const PACKAGE = new URL("../../node_modules/ws/wrapper.mjs", import.meta.url).href;
const { WebSocket, WebSocketServer } = await import(PACKAGE) as WsModule;

/** "!", with which the data of some tests ends. */
const END = 0x21;
const CHUNKED = "Transfer-Encoding: chunked";
const HALF = `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n4\r\nhalf\r\n`;

test("forward() keeps a gzip body, its encoding, its length and two Set-Cookie lines", async (t) => {
  const packed = gzipSync("the same words again; ".repeat(1000)).toString("latin1");
  const cookies = ["Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Expires=Wed, 01 Jan 2031 00:00:00 GMT"];
  const { client } = await openScene(t, { answer: ok(packed, "Content-Encoding: gzip", ...cookies) });
  const c = await client();
  c.send(get("/", "Accept-Encoding: gzip", "Connection: close"));
  const received = await c.untilClosed();
  assert.deepEqual(received.split("\r\n").filter((line) => /^(?:content-|set-cookie)/i.test(line)), [
    "Content-Encoding: gzip",
    ...cookies,
    `Content-Length: ${packed.length}`,
  ]);
  assert.deepEqual(bytes(bodyOf(received)), bytes(packed));
});

test("forward() carries chunks with trailers where the data and a packet end with 0 CRLF CRLF", async (t) => {
  const { server, client } = await openScene(t);
  const pieces = ["8\r\nabc0\r\n\r\n", "\r\n5\r\n0\r\n\r\n", "\r\n1\r\nd\r\n0\r\nX-Sum: 7\r\n\r\n"];
  const c = await client();
  c.send(request("POST", "/", ["TE: trailers", "Connection: TE", CHUNKED]) + pieces[0]);
  const connection = await asked(server);
  await connection.until("abc0\r\n\r\n");
  c.send(pieces[1]!);
  c.send(pieces[2]!);
  await connection.until("X-Sum: 7\r\n\r\n");
  connection.send(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n${pieces[0]}`);
  await c.until("abc0\r\n\r\n");
  connection.send(pieces[1]!);
  connection.send(pieces[2]!);
  await c.until("X-Sum: 7\r\n\r\n");
  for (const text of [connection.received, c.received]) {
    assert.deepEqual(dechunk(bodyOf(text)), { body: "abc0\r\n\r\n0\r\n\r\nd", trailers: "X-Sum: 7\r\n" });
  }
});

test("forward() carries a tiny chunked POST and its answer that come in one packet each", async (t) => {
  const { server, client } = await openScene(t, {
    onData: (connection) =>
      connection.received.endsWith("\r\n0\r\n\r\n") &&
      connection.send(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n2\r\nho\r\n0\r\n\r\n`),
  });
  const c = await client();
  c.send(request("POST", "/", [CHUNKED]) + "2\r\nhi\r\n0\r\n\r\n");
  await c.until("\r\n0\r\n\r\n");
  assert.equal(dechunk(bodyOf(server.received)).body, "hi");
  assert.equal(dechunk(bodyOf(c.received)).body, "ho");
});

test("idle cuts a stream that has begun, and puts no 504 into it", async (t) => {
  const { client } = await openScene(t, {
    answer: HALF,
    backend: { timeouts: { idle: "100ms" } },
  });
  const c = await client();
  c.send(get());
  await eventually("the client to see the cut", () => c.closed);
  assert.equal(c.error, "ECONNRESET");
  assert.match(c.received, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n4\r\nhalf\r\n$/);
  assert.equal(messagesIn(c.received), 1);
});

test("tunnel_idle closes a tunnel, and puts no 504 into it", async (t) => {
  const { server, client } = await openScene(t, {
    answer: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello",
    backend: { timeouts: { tunnel_idle: "100ms" } },
  });
  const c = await client();
  c.send(get("/", "Connection: Upgrade", "Upgrade: x"));
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 101 Switching Protocols\r\n[^]*\r\n\r\nhello$/);
  assert.equal(messagesIn(c.received), 1);
  await eventually("the server to be let go", () => server.connections[0]!.ended);
  assert.equal(bodyOf(server.received), "");
});

test("RunningProxy.stop() does not wait for a client that keeps an unused connection", async (t) => {
  const { proxy, client } = await openScene(t, {
    answer: ok("one"),
    config: { shutdown: { drain_timeout: "10s" } },
  });
  const c = await client();
  c.send(get());
  await c.until("one");
  const started = performance.now();
  assert.equal(await proxy.stop(), 0);
  assert.ok(performance.now() - started < 2000);
  await c.untilClosed();
});

test("Router.find() does not take /apix to the route /api", async (t) => {
  const api = await RawServer.answering(ok("api"));
  const rest = await RawServer.answering(ok("rest"));
  const proxy = await startTestProxy({
    servers: [],
    frontend: { default_backend: "rest", routes: [{ path_prefix: "/api", backend: "api" }] },
    config: {
      backends: {
        api: { servers: [`http://127.0.0.1:${api.port}`] },
        rest: { servers: [`http://127.0.0.1:${rest.port}`] },
      },
    },
  });
  t.after(async () => {
    await proxy.stop();
    await api.close();
    await rest.close();
  });
  const answers: string[] = [];
  for (const path of ["/api", "/api/x", "/apix", "/apix/api"]) {
    answers.push(bodyOf(await roundTrip(proxy.port, get(path, "Connection: close"))));
  }
  assert.deepEqual(answers, ["api", "api", "rest", "rest"]);
});

test("joinTunnel() keeps the WebSocket close code 4001, whichever side closes", async (t) => {
  const http = createServer();
  const accepted: Ws[] = [];
  new WebSocketServer({ server: http }).on("connection", (socket) => accepted.push(socket));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const proxy = await startTestProxy({ servers: [(http.address() as AddressInfo).port] });
  t.after(async () => {
    for (const ws of accepted) ws.terminate();
    await proxy.stop();
    http.close();
  });
  for (const side of [0, 1]) {
    const ws = new WebSocket(proxy.url.replace("http", "ws"));
    let open = false;
    ws.on("error", () => {}).on("open", () => open = true);
    await eventually("the WebSocket to open", () => open);
    const pair = [ws, await eventually("the server's side", () => accepted[side])] as const;
    const codes: string[] = [];
    for (const one of pair) one.on("close", (code, reason) => codes.push(`${code} ${reason}`));
    pair[side]!.close(4001, "done here");
    await eventually("both to be closed", () => codes.length === 2);
    assert.deepEqual(codes, ["4001 done here", "4001 done here"]);
  }
});

test("forward() joins X-Forwarded-For of two lines and appends the client's address", async (t) => {
  const { server, client } = await openScene(t, { answer: ok() });
  const c = await client();
  c.send(get("/", "X-Forwarded-For: 192.0.2.1", "X-Other: 1", "x-forwarded-for: 192.0.2.2"));
  await c.until("200 OK");
  assert.deepEqual(server.received.split("\r\n").filter((line) => /^x-forwarded-for:/i.test(line)), [
    "X-Forwarded-For: 192.0.2.1, 192.0.2.2, 127.0.0.1",
  ]);
});

test("forward() keeps %2F byte for byte", async (t) => {
  const { server, client } = await openScene(t, { answer: ok() });
  const c = await client();
  c.send(get("/a%2Fb%2fc//%2e%2E/d?e=%2F%2f"));
  await c.until("200 OK");
  assert.match(server.received, /^GET \/a%2Fb%2fc\/\/%2e%2E\/d\?e=%2F%2f HTTP\/1\.1\r\n/);
});

for (const method of ["GET", "POST"]) {
  test(`forward() serves 1,000 ${method}s a second on one connection, heads and bodies apart`, async (t) => {
    let asked: RawConnection | undefined;
    const scene = await openScene(t, {
      onData(connection, chunk) {
        asked = connection;
        if (method === "POST" && chunk.at(-1) !== END) socket.write("hi!");
        else connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
      },
    });
    const { socket } = await scene.client();
    const head = request(method, "/", method === "POST" ? ["Content-Length: 3"] : []);
    // A body leaves only when its head is there: who holds back a small packet until the one before it is
    // acknowledged (Nagle) waits 40 ms for each.
    const onPiece = () => asked!.send("ho!");
    assert.ok(await requestRate(socket, head, { goal: 1000, onPiece }) >= 1000);
  });
}
