// Bodies arrive whole, in time and in a framing that both sides understand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, bodyOf, dechunk, get, messagesIn, ok, openScene, request } from "./scene.ts";

/** Data that looks like the end of a chunked body and a request behind it. */
const TRICKY = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: b.example\r\n\r\n0\r\nX: y\r\n\r\n";
const CHUNKED = "Transfer-Encoding: chunked";

function chunk(data: string): string {
  return `${data.length.toString(16)}\r\n${data}\r\n`;
}

test("forward() carries a chunked request with trailers whose data looks like an end", async (t) => {
  const { server, client } = await openScene(t, {
    onData: (connection) => connection.received.endsWith("X-Sum: 7\r\n\r\n") && connection.send(ok("got it")),
  });
  const c = await client();
  c.send(request("POST", "/", [CHUNKED]) + chunk(TRICKY) + chunk("more") + "0\r\nX-Sum: 7\r\n\r\n");
  await c.until("got it");
  const { body, trailers } = dechunk(bodyOf(server.received));
  assert.equal(body, TRICKY + "more");
  assert.equal(trailers, "X-Sum: 7\r\n");
  assert.equal(server.connections.length, 1);
});

test("forward() carries a chunked answer with trailers whose data looks like an end", async (t) => {
  const answer = `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n${chunk(TRICKY)}${
    chunk("more")
  }0\r\nX-Sum: 7\r\nX-B: c\r\n\r\n`;
  const { client } = await openScene(t, { answer });
  const c = await client();
  c.send(get("/", "TE: trailers", "Connection: close, TE"));
  const { body, trailers } = dechunk(bodyOf(await c.untilClosed()));
  assert.equal(body, TRICKY + "more");
  assert.equal(trailers, "X-Sum: 7\r\nX-B: c\r\n");
});

test("forward() carries a tiny chunked POST that comes in one packet", async (t) => {
  const { server, client } = await openScene(t, {
    onData: (connection) => connection.received.endsWith("0\r\n\r\n") && connection.send(ok("done")),
  });
  const c = await client();
  c.send(request("POST", "/tiny", [CHUNKED]) + "2\r\nhi\r\n0\r\n\r\n");
  await c.until("\r\n\r\ndone");
  assert.equal(dechunk(bodyOf(server.received)).body, "hi");
});

test("forward() carries a request and an answer that come byte by byte", async (t) => {
  const { server, client } = await openScene(t, {
    onData: (connection) => {
      if (!connection.received.endsWith("0\r\n\r\n")) return;
      void connection.sendSlowly(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n${chunk("slow answer")}0\r\n\r\n`);
    },
  });
  const c = await client();
  await c.sendSlowly(request("POST", "/", [CHUNKED]) + chunk("slow request") + "0\r\n\r\n");
  const received = await c.until("\r\n0\r\n\r\n");
  assert.equal(dechunk(bodyOf(server.received)).body, "slow request");
  assert.equal(dechunk(bodyOf(received)).body, "slow answer");
});

test("forward() delivers the head and each event of a stream before the next is made", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(get("/events", "Accept: text/event-stream"));
  const connection = await asked(server);
  connection.send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${CHUNKED}\r\n\r\n`);
  await c.until("\r\n\r\n");
  for (const event of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
    connection.send(chunk(event));
    await c.until(event);
  }
  connection.send("0\r\n\r\n");
  await c.until("\r\n0\r\n\r\n");
});

test("forward() delivers a close-delimited stream piece by piece and ends it properly", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(get("/"));
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\n\r\n");
  await c.until("\r\n\r\n");
  connection.send("one");
  await c.until("one");
  connection.send("two");
  connection.end();
  assert.equal(dechunk(bodyOf(await c.until("0\r\n\r\n"))).body, "onetwo");
});

test("forward() passes 103 Early Hints on while the answer is being made", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\r\n");
  assert.equal(
    await c.until("\r\n\r\n"),
    "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\r\n",
  );
  connection.send("HTTP/1.1 102 Processing\r\n\r\n" + ok("final"));
  await c.until(/102 Processing\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*final$/);
});

const BODYLESS: [method: string, answer: string, expected: RegExp][] = [
  ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", /^HTTP\/1\.1 200 OK\r\nContent-Length: 5\r\n/i],
  ["HEAD", `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n`, /^HTTP\/1\.1 200 OK\r\n(?!.*content-length: 0)/is],
  [
    "HEAD",
    "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n",
    /^HTTP\/1\.1 404 Not Found\r\nContent-Length: 9\r\n/i,
  ],
  ["GET", "HTTP/1.1 204 No Content\r\n\r\n", /^HTTP\/1\.1 204 No Content\r\n(?!.*content-length)/is],
  [
    "GET",
    "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    /^HTTP\/1\.1 204 No Content\r\n(?!.*content-length)/is,
  ],
  [
    "GET",
    'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5\r\n\r\n',
    /ETag: "a"\r\nContent-Length: 5\r\n/,
  ],
  ["GET", "HTTP/1.1 304 Not Modified\r\n\r\n", /^HTTP\/1\.1 304 Not Modified\r\n(?!.*content-length)/is],
  ["GET", ok(""), /^HTTP\/1\.1 200 OK\r\nContent-Length: 0\r\n/],
];
for (const [method, answer, expected] of BODYLESS) {
  const shown = `${method}, ${answer.split("\r\n").slice(0, -2).join(", ")}`;
  test(`responseHead() sends an answer without a body and goes on: ${shown}`, async (t) => {
    const { server, client } = await openScene(t, {
      answer: (head) => head.includes("/next") ? ok("next") : answer,
    });
    const c = await client();
    c.send(request(method, "/") + get("/next"));
    const received = await c.until("\r\n\r\nnext");
    assert.match(received.slice(0, received.indexOf("\r\n\r\n") + 2), expected);
    assert.match(bodyOf(received), /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(messagesIn(received), 2);
    assert.equal(server.connections.length, 1);
  });
}

test("forward() keeps the order, case and repetitions of the fields that answer a HEAD", async (t) => {
  const lines = ["x-B: 1", "Content-Length: 5", "X-a: 2", "X-B: 3", "Set-Cookie: a=1", "Set-Cookie: b=2"];
  const { client } = await openScene(t, { answer: ["HTTP/1.1 200 OK", ...lines, "", ""].join("\r\n") });
  const c = await client();
  c.send(request("HEAD", "/"));
  const received = await c.until("\r\n\r\n");
  assert.deepEqual(received.split("\r\n").slice(1, 7), lines);
});
