// One client's connection: many requests, in order, and a clear end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { asked, bodyOf, get, messagesIn, ok, openScene, pathOf, post, request } from "./scene.ts";

test("DownstreamConnection answers one request after another on the same connection", async (t) => {
  const { client } = await openScene(t, { answer: (head) => ok(`<${pathOf(head)}>`) });
  const c = await client();
  for (const path of ["/1", "/2", "/3"]) {
    c.send(get(path));
    await c.until(`<${path}>`);
  }
  assert.equal(messagesIn(c.received), 3);
});

test("DownstreamConnection answers pipelined requests in order", async (t) => {
  const paths = Array.from({ length: 50 }, (_, i) => `/${i}`);
  const { client } = await openScene(t, { answer: (head) => ok(`<${pathOf(head)}>`) });
  const c = await client();
  c.send(paths.map((path) => get(path)).join(""));
  await c.until("</49>");
  assert.deepEqual(c.received.match(/<\/\d+>/g), paths.map((path) => `<${path}>`));
});

test("DownstreamConnection sends a pipelined request on only after the answer before it", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  const put = (body: string) => request("PUT", "/", [`Content-Length: ${body.length}`]) + body;
  c.send(put("body-1") + put("body-2") + get("/3"));
  const connection = await asked(server);
  await connection.until("body-1");
  assert.equal(messagesIn(server.received), 1);
  connection.send(ok("one"));
  await connection.until("body-2");
  assert.equal(messagesIn(server.received), 2);
  connection.send(ok("two"));
  await connection.until("GET /3");
  connection.send(ok("three"));
  await c.until(/one[^]*two[^]*three$/);
});

test("DownstreamConnection says Connection: close and closes where the client asks for it", async (t) => {
  const { server, client } = await openScene(t, { answer: ok("hi") });
  const c = await client();
  c.send(get("/1") + get("/2", "Connection: close") + get("/3"));
  const received = await c.untilClosed();
  assert.equal(messagesIn(received), 2);
  assert.equal(messagesIn(server.received), 2);
  assert.equal(received.match(/\r\nConnection: close\r\n/g)?.length, 1);
});

test("DownstreamConnection closes after each answer where keep_alive is 0", async (t) => {
  const { client } = await openScene(t, { answer: ok("hi"), frontend: { timeouts: { keep_alive: "0s" } } });
  const c = await client();
  c.send(get());
  const received = await c.untilClosed(1000);
  assert.match(received, /\r\nConnection: close\r\n/);
});

test("DownstreamConnection gives an HTTP/1.0 client an answer that ends with the connection", async (t) => {
  const { server, client } = await openScene(t, {
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
  });
  const c = await client();
  c.send("GET / HTTP/1.0\r\n\r\n");
  const received = await c.untilClosed();
  assert.equal(bodyOf(received), "onetwo");
  assert.doesNotMatch(received, /transfer-encoding|content-length/i);
  assert.match(server.received, /\r\nVia: 1\.0 sluice\r\n/);
  assert.match(server.received, new RegExp(`\r\nHost: 127\\.0\\.0\\.1:${server.port}\r\n`));
});

test("DownstreamConnection keeps an HTTP/1.0 connection open where the client asks for it", async (t) => {
  const { client } = await openScene(t, { answer: (head) => ok(pathOf(head)) });
  const c = await client();
  c.send("GET /1 HTTP/1.0\r\nHost: a.example\r\nConnection: Keep-Alive\r\n\r\n");
  await c.until(/\r\nConnection: keep-alive\r\n\r\n\/1$/i);
  c.send("GET /2 HTTP/1.0\r\nHost: a.example\r\n\r\n");
  assert.match(await c.untilClosed(), /\r\nConnection: close\r\n\r\n\/2$/);
});

test("DownstreamConnection closes an HTTP/1.0 connection behind an answer of unknown length", async (t) => {
  const { client } = await openScene(t, {
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n",
  });
  const c = await client();
  c.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  assert.match(await c.untilClosed(), /\r\nConnection: close\r\n\r\none$/);
});

test("DownstreamConnection.inform() sends no interim answer to an HTTP/1.0 client (RFC 9110 §15.2)", async (t) => {
  const { client } = await openScene(t, { answer: "HTTP/1.1 103 Early Hints\r\n\r\n" + ok("hi") });
  const c = await client();
  c.send("GET / HTTP/1.0\r\n\r\n");
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 200 OK\r\n/);
});

test("DownstreamConnection answers a client that has finished sending", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(post("whole body"));
  c.end();
  const connection = await asked(server);
  await connection.until("whole body");
  connection.send(ok("for the half-closed"));
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 200 OK\r\n[^]*for the half-closed$/);
});

test("DownstreamConnection answers a client that finished sending long ago", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(get());
  c.end();
  const connection = await asked(server);
  await c.until(/(?:HTTP\/1\.1 100 Continue\r\n\r\n){2}/); // the proxy asks twice whether the client listens
  connection.send(ok("late"));
  assert.match(await c.untilClosed(), /HTTP\/1\.1 200 OK\r\n[^]*late$/);
});

test("DownstreamConnection answers every pipelined request of a client that has finished sending", async (t) => {
  const { client } = await openScene(t, { answer: (head) => ok(`<${pathOf(head)}>`) });
  const c = await client();
  c.send(get("/1") + get("/2") + get("/3"));
  c.end();
  assert.deepEqual((await c.untilClosed()).match(/<\/\d>/g), ["</1>", "</2>", "</3>"]);
});

test("DownstreamConnection refuses the incomplete head of a client that has finished sending", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send("GET / HTTP/1.1\r\nHost: a.exa");
  c.end();
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 400 Bad Request\r\n/);
  assert.equal(server.connections.length, 0);
});

test("DownstreamConnection closes quietly where a client leaves without a request", async (t) => {
  const { proxy, client } = await openScene(t);
  const c = await client();
  await eventually("the proxy to see the client", () => proxy.running.connections === 1);
  c.end();
  assert.equal(await c.untilClosed(), "");
  await eventually("the proxy to forget the client", () => proxy.running.connections === 0);
  assert.equal(proxy.accesses.length, 0);
});

test("DownstreamConnection lets a client that is slow to read have the whole last answer", async (t) => {
  const { proxy, client } = await openScene(t, {
    answer: ok("x".repeat(20_000)),
    frontend: { timeouts: { linger: "50ms", write_idle: "600ms" } },
  });
  // How many answers fit into the buffers on the way to a client that reads none.
  const probe = await client();
  probe.socket.pause();
  probe.send(get().repeat(2000));
  await eventually(
    "the answers to get stuck",
    () => proxy.accesses.at(-1)?.["reason"] === "client_stalled",
    15_000,
  );
  const fitting = proxy.accesses.length - 1;

  for (const left of [1, 2, 3, 4, 8, 16]) {
    const asks = fitting - left;
    const before = proxy.accesses.length;
    const slow = await client();
    slow.socket.pause();
    slow.send(get().repeat(asks - 1) + get("/", "Connection: close"));
    const stuck = () =>
      proxy.accesses.length > before && proxy.accesses.at(-1)?.["reason"] === "client_stalled";
    const written = () => proxy.accesses.length === before + asks;
    await eventually("the last answer to be written", () => written() || stuck(), 15_000);
    if (stuck()) continue; // the buffers are not of the same size each time
    // Another connection that lingers and goes is the clock that says when the time to linger is over.
    const clock = await client();
    clock.send(get("/", "Connection: close"));
    await eventually("the clock to stop", () => clock.ended && proxy.running.connections <= 1);
    slow.socket.resume();
    const received = await slow.untilClosed();
    assert.equal(slow.error, undefined);
    assert.equal(received.match(/x{20000}/g)?.length, asks);
  }
});

test("DownstreamConnection does not answer ahead of a client that pipelines and never reads", async (t) => {
  let answers = 0;
  const big = `X-Big: ${"b".repeat(30_000)}`;
  const { proxy, client } = await openScene(t, {
    answer: () => (answers++, `HTTP/1.1 204 No Content\r\n${big}\r\n\r\n`),
    frontend: { timeouts: { write_idle: "200ms" } },
  });
  const c = await client();
  c.socket.pause();
  c.send(get().repeat(3000)); // 90 MB of answers
  const over = () => proxy.accesses.length === 3000 || proxy.running.connections === 0;
  await eventually("the proxy to give the client up, or to finish", over, 15_000);
  assert.ok(answers < 2500);
});
