// An answer that breaks off must look broken: never complete, never followed by another.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { asked, bodyOf, get, messagesIn, ok, openScene, pathOf } from "./scene.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const CUTS: [how: string, answer: string][] = [
  ["within its Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"],
  ["one byte short of its Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf"],
  ["within a chunk", `${CHUNKED}a\r\nhalf`],
  ["between two chunks", `${CHUNKED}4\r\nhalf\r\n`],
  ["behind the last chunk", `${CHUNKED}4\r\nhalf\r\n0\r\n`],
  ["within the trailers", `${CHUNKED}4\r\nhalf\r\n0\r\nX-Sum: 1\r\n`],
  ["by a broken chunk size", `${CHUNKED}4\r\nhalf\r\nzz\r\n`],
];
for (const version of ["1.1", "1.0"]) {
  for (const [how, answer] of CUTS) {
    test(`DownstreamConnection cuts an answer that ends ${how} for a client of HTTP/${version}`, async (t) => {
      const { server, proxy, client } = await openScene(t);
      const c = await client();
      c.send(`GET /1 HTTP/${version}\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n` + get("/2"));
      const connection = await asked(server);
      const split = answer.indexOf("half") + 4;
      connection.send(answer.slice(0, split));
      await c.until("half");
      connection.send(answer.slice(split));
      connection.end();
      await eventually("the client to see the cut", () => c.closed);
      assert.equal(c.error, "ECONNRESET"); // the one sign that also a client that reads until close can tell
      assert.equal(messagesIn(c.received), 1);
      assert.doesNotMatch(c.received, /\r\n0\r\n/);
      assert.equal(messagesIn(server.received), 1);
      assert.match(String((await proxy.access(0))["reason"]), /^upstream_(?:reset|invalid)$/);
    });
  }
}

test("DownstreamConnection cuts an answer without length that ends by a reset", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\n\r\nhalf");
  await c.until("half");
  connection.reset();
  await eventually("the client to see the cut", () => c.closed);
  assert.equal(c.error, "ECONNRESET");
  assert.doesNotMatch(c.received, /\r\n0\r\n/);
});

const FAILURES: [how: string, answer: string, reason: string][] = [
  ["nothing", "", "upstream_reset"],
  ["half a status line", "HTTP/1.1 2", "upstream_reset"],
  ["half a head", "HTTP/1.1 200 OK\r\nX-A: 1\r\n", "upstream_reset"],
  ["an interim answer only", "HTTP/1.1 102 Processing\r\n\r\n", "upstream_reset"],
  ["another protocol", "SSH-2.0-x\r\n\r\n", "upstream_invalid"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "upstream_invalid"],
  [
    "length and chunks",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "upstream_invalid",
  ],
  ["a 101 nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "upstream_invalid"],
];
for (const [how, answer, reason] of FAILURES) {
  test(`answerFailure() says 502 ${reason} for a server that sends ${how}`, async (t) => {
    const { server, proxy, client } = await openScene(t, {
      onData: (connection) => {
        connection.send(answer);
        connection.end();
      },
    });
    const c = await client();
    c.send(get());
    const received = await c.until(`502 Bad Gateway: ${reason}\n`);
    assert.match(received, /HTTP\/1\.1 502 Bad Gateway\r\n/);
    assert.equal((await proxy.access(0))["reason"], reason);
    await eventually("the connection to the server to be closed", () => server.open === 0);
    assert.equal(c.closed, false); // the client's connection is fine
  });
}

test("UpstreamConnection closes where bytes follow the end of an answer, and never takes them for another", async (t) => {
  const { server, client } = await openScene(t, {
    answer: (head) => pathOf(head) === "/1" ? ok("one") + ok("forged") : ok("two"),
  });
  const c = await client();
  c.send(get("/1") + get("/2"));
  const received = await c.until("two");
  assert.doesNotMatch(received, /forged/);
  assert.equal(messagesIn(received), 2);
  assert.equal(server.connections.length, 2);
});

test("UpstreamConnection closes where a server speaks unasked on an unused connection", async (t) => {
  const { server, client } = await openScene(t, {
    answer: (head) => ok(pathOf(head) === "/1" ? "one" : "two"),
  });
  const c = await client();
  c.send(get("/1"));
  await c.until("one");
  server.connections[0]!.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 6\r\n\r\nforged");
  await eventually("the proxy to close", () => server.open === 0);
  c.send(get("/2"));
  assert.match(bodyOf(await c.until("two")), /two$/);
  assert.doesNotMatch(c.received, /forged/);
});
