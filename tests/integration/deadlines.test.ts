// Every wait has an end, and a name for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { asked, bodyOf, get, ok, openScene, request } from "./scene.ts";
import process from "node:process";

test("request_headers answers 408 to a head that takes too long", async (t) => {
  const { proxy, client } = await openScene(t, { frontend: { timeouts: { request_headers: "100ms" } } });
  const c = await client();
  c.send("GET / HTTP/1.1\r\nHost: a.exa");
  assert.match(
    await c.untilClosed(),
    /^HTTP\/1\.1 408 Request Timeout\r\n[^]*408 Request Timeout: request_timeout\n/,
  );
  assert.equal((await proxy.access(0))["reason"], "request_timeout");
});

test("request_headers is not prolonged by a byte now and then", async (t) => {
  const { client } = await openScene(t, { frontend: { timeouts: { request_headers: "150ms" } } });
  const c = await client();
  const started = performance.now();
  c.send("GET / HTTP/1.1\r\n");
  const drip = setInterval(() => c.socket.writable && c.send("X"), 20);
  t.after(() => clearInterval(drip));
  await c.until(/^HTTP\/1\.1 408 /);
  assert.ok(performance.now() - started < 2000);
});

test("request_headers closes a connection without a single byte in silence", async (t) => {
  const { proxy, client } = await openScene(t, { frontend: { timeouts: { request_headers: "100ms" } } });
  const c = await client();
  assert.equal(await c.untilClosed(), "");
  assert.equal(proxy.accesses.length, 0);
});

test("request_headers holds for the second request of a connection as well", async (t) => {
  const { client } = await openScene(t, {
    answer: ok("one"),
    frontend: { timeouts: { request_headers: "100ms" } },
  });
  const c = await client();
  c.send(get());
  await c.until("one");
  c.send("GET /2 HTTP/1.1\r\n");
  assert.match(bodyOf(await c.untilClosed()), /^oneHTTP\/1\.1 408 /);
});

test("body_idle answers 408 to an upload that stalls and lets the server go", async (t) => {
  const { server, proxy, client } = await openScene(t, { frontend: { timeouts: { body_idle: "100ms" } } });
  const c = await client();
  c.send(request("POST", "/", ["Content-Length: 10"]) + "half");
  const connection = await asked(server);
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 408 Request Timeout\r\n[^]*body_timeout\n/);
  await eventually("the server to be let go", () => connection.ended || connection.closed);
  assert.equal((await proxy.access(0))["reason"], "body_timeout");
});

test("body_idle begins anew with every piece of an upload", async (t) => {
  const { server, client } = await openScene(t, {
    onData: (connection) => connection.received.endsWith("0123456789") && connection.send(ok("whole")),
    frontend: { timeouts: { body_idle: "200ms" } },
  });
  const c = await client();
  c.send(request("POST", "/", ["Content-Length: 10"]));
  const connection = await asked(server);
  const started = performance.now();
  for (let i = 0; i < 10; i++) {
    const due = started + 40 * i;
    await eventually("its time", () => performance.now() >= due);
    c.send(String(i));
    await connection.until(`\r\n\r\n${"0123456789".slice(0, i + 1)}`);
  }
  await c.until("whole");
  assert.ok(performance.now() - started > 200);
});

test("body_idle does not run while the server is the one that does not take the upload", async (t) => {
  const size = 24_000_000;
  let received = 0;
  const { server, proxy, client } = await openScene(t, {
    onConnection: (connection) => {
      connection.socket.removeAllListeners("data");
      connection.socket.pause();
    },
    frontend: { timeouts: { body_idle: "100ms" } },
    backend: { timeouts: { idle: "10s" } },
  });
  const c = await client();
  c.send(request("POST", "/", [`Content-Length: ${size}`]));
  c.socket.write(new Uint8Array(size));
  const other = await client();
  await eventually("a connection to the server", () => server.connections[0]);
  // A second upload, which the client itself stalls, is the clock: when it is cut, the time of the first was over too.
  other.send(request("POST", "/", ["Content-Length: 10"]) + "half");
  await eventually("the clock to stop", () => proxy.accesses.length === 1);
  assert.equal(proxy.accesses[0]!["reason"], "body_timeout");
  const { socket } = server.connections[0]!;
  socket.on("data", (chunk) => {
    received += chunk.length;
    if (received > size) socket.write(ok("whole"));
  });
  socket.resume();
  await c.until("whole", 4500);
});

test("keep_alive closes an unused connection in silence", async (t) => {
  const { proxy, client } = await openScene(t, {
    answer: ok("one"),
    frontend: { timeouts: { keep_alive: "100ms" } },
  });
  const c = await client();
  c.send(get());
  assert.match(await c.untilClosed(), /\r\n\r\none$/);
  assert.equal(proxy.accesses.length, 1);
});

test("response answers 504 response_timeout and lets the server go", async (t) => {
  const { server, proxy, client } = await openScene(t, { backend: { timeouts: { response: "100ms" } } });
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  assert.match(await c.until("response_timeout\n"), /^HTTP\/1\.1 504 Gateway Timeout\r\n/);
  await eventually("the server to be let go", () => connection.ended || connection.closed);
  assert.equal((await proxy.access(0))["reason"], "response_timeout");
  assert.equal(server.connections.length, 1); // a request that timed out is not sent again
});

test("response begins only when the request is out", async (t) => {
  const { server, client } = await openScene(t, {
    onData: (connection) => connection.received.endsWith("end") && connection.send(ok("whole")),
    backend: { timeouts: { response: "50ms" } },
  });
  const clock = await client();
  const c = await client();
  c.send(request("POST", "/", ["Content-Length: 8"]) + "begin");
  await asked(server);
  clock.send(get());
  await clock.until("response_timeout");
  c.send("end");
  await c.until("whole");
});

test("response holds also while interim answers come", async (t) => {
  const { server, client } = await openScene(t, { backend: { timeouts: { response: "150ms" } } });
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  const drip = setInterval(
    () => connection.socket.writable && connection.send("HTTP/1.1 102 Processing\r\n\r\n"),
    20,
  );
  t.after(() => clearInterval(drip));
  await c.until(/HTTP\/1\.1 504 /, 2000);
});

test("idle cuts an answer that stalls, so that the client can tell", async (t) => {
  const { server, proxy, client } = await openScene(t, { backend: { timeouts: { idle: "100ms" } } });
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  await eventually("the client to see the cut", () => c.closed);
  assert.equal(c.error, "ECONNRESET");
  assert.match(c.received, /half\r\n$/);
  const access = await proxy.access(0);
  assert.equal(access["reason"], "upstream_stalled");
  assert.equal(access["status"], 200);
  await eventually("the server to be let go", () => connection.ended || connection.closed);
});

test("idle does not run while the client is the one that does not take the answer", async (t) => {
  const body = "x".repeat(24_000_000);
  const { server, proxy, client } = await openScene(t, { backend: { timeouts: { idle: "250ms" } } });
  const slow = await client();
  slow.socket.pause();
  slow.send(get());
  (await asked(server)).send(ok(body));
  const clock = await client();
  clock.send(get());
  (await asked(server, 1)).send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  await eventually("the clock to stop", () => proxy.accesses[0]?.["reason"] === "upstream_stalled");
  slow.socket.resume();
  await eventually("the whole answer", () => slow.received.length > body.length, 20_000);
  assert.equal(bodyOf(slow.received).length, body.length);
});

test("write_idle cuts a client that takes nothing of its answer", async (t) => {
  const { server, proxy, client } = await openScene(t, { frontend: { timeouts: { write_idle: "100ms" } } });
  const c = await client();
  c.socket.pause();
  c.send(get());
  const connection = await asked(server);
  connection.send(ok("x".repeat(24_000_000)));
  assert.equal((await proxy.access(0, 15_000))["reason"], "client_stalled");
  await eventually("the server to be let go", () => connection.ended || connection.closed);
  await eventually("nothing to be in flight", () => proxy.inFlight() === 0);
});

test("connect answers 504 connect_timeout for a server that does not finish a TLS handshake", async (t) => {
  const server = await RawServer.listen();
  const proxy = await startTestProxy({
    servers: [`https://127.0.0.1:${server.port}`],
    backend: { timeouts: { connect: "100ms" } },
  });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  const c = await RawClient.open(proxy.port);
  c.send(get("/", "Connection: close"));
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 504 Gateway Timeout\r\n[^]*connect_timeout\n/);
  await eventually("the server to be let go", () => server.connections.length > 0 && server.open === 0);
});

test("idle does not cut an upload that moves, though the server's answer has begun and is silent", async (t) => {
  const { client, proxy } = await openScene(t, {
    backend: { timeouts: { idle: "200ms" } },
    onData(connection, chunk) {
      const first = connection.received.length === chunk.length;
      if (first) connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
      if (connection.received.endsWith("end")) connection.send("ok");
    },
  });
  const uploading = await client();
  uploading.send(request("POST", "/", ["Content-Length: 23"]));
  for (let i = 0; i < 20; i++) {
    uploading.send(".");
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  uploading.send("end");
  await uploading.until("\r\n\r\nok");
  assert.equal((await proxy.access(0))["reason"], "ok");
});

test("idle does not cut an upload that a server still reads from the kernel's buffers", {
  skip: process.platform === "linux" ? false : "NOT TESTED: WHAT A PEER HAS READ IS KNOWN ON LINUX ONLY",
}, async (t) => {
  const length = 400_000;
  const { client, proxy } = await openScene(t, {
    backend: { timeouts: { idle: "300ms" } },
    onData(connection) {
      if (connection.received.endsWith("\r\n\r\n")) {
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
      }
      if (connection.received.endsWith("end")) connection.send("done");
      connection.socket.pause();
      setTimeout(() => connection.socket.resume(), 120);
    },
  });
  const uploading = await client();
  uploading.send(request("POST", "/", [`Content-Length: ${length}`]));
  await uploading.until("\r\n\r\n");
  uploading.send("x".repeat(length - 3) + "end");
  await uploading.until("\r\n\r\ndone");
  assert.equal((await proxy.access(0))["reason"], "ok");
});
