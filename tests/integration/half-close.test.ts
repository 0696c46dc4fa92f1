// A client that finishes sending may wait for its answers, or have left: what it gets, and how soon it is missed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import type { RawClient } from "../support/raw-client.ts";
import { asked, bodyOf, dechunk, get, messagesIn, ok, openScene } from "./scene.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const SECOND_MS = 1000;

test("DownstreamConnection sends the rest of an answer to a client that has finished sending", async (t) => {
  const { server, proxy, client } = await openScene(t);
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" + "x".repeat(20));
  await c.until("x".repeat(20));
  c.end();
  for (let i = 0; i < 3; i++) {
    connection.send("y".repeat(10));
    await c.until("y".repeat(10 * (i + 1)));
  }
  assert.equal(bodyOf(await c.untilClosed()), "x".repeat(20) + "y".repeat(30));
  assert.equal((await proxy.access(0))["reason"], "ok");
});

test("DownstreamConnection sends the rest of a chunked answer to a client that has finished sending", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  connection.send(`${CHUNKED}3\r\none\r\n`);
  await c.until("one");
  c.end();
  for (const word of ["two", "six"]) {
    connection.send(`3\r\n${word}\r\n`);
    await c.until(word);
  }
  connection.send("0\r\n\r\n");
  assert.equal(dechunk(bodyOf(await c.untilClosed())).body, "onetwosix");
});

test("DownstreamConnection answers the pipelined requests of a client that finishes sending meanwhile", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(get("/1") + get("/2") + get("/3"));
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none");
  await c.until("one");
  c.end();
  for (const piece of ["e", "n", "d"]) {
    connection.send(piece);
    await c.until(new RegExp(`one[end]*${piece}$`));
  }
  for (const word of ["two", "three"]) {
    const path = word === "two" ? "/2" : "/3";
    const next = await eventually(path, () => server.connections.find((one) => one.received.includes(path)));
    next.send(ok(word));
  }
  const received = await c.untilClosed();
  assert.equal(messagesIn(received), 3);
  assert.match(received, /oneend[^]*two[^]*\r\nConnection: close\r\n[^]*three$/);
});

test("DownstreamConnection misses a client that left while its answer flowed as soon as it writes", async (t) => {
  const { server, proxy, client } = await openScene(t);
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  connection.send(`${CHUNKED}3\r\none\r\n`);
  await c.until("one");
  c.close();
  await eventually("the server to be let go", () => {
    if (!connection.closed && !connection.ended) connection.send("3\r\ntwo\r\n");
    return connection.ended || connection.closed;
  });
  const access = await proxy.access(0);
  assert.equal(access["reason"], "client_closed");
  assert.equal(access["status"], 200);
});

const ABORT = { frontend: { half_close: "abort" } };

test("half_close = abort gives a request up at once when its client finishes sending", async (t) => {
  const { server, proxy, client } = await openScene(t, ABORT);
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  c.end();
  await eventually("the server to be let go", () => connection.ended || connection.closed, SECOND_MS);
  assert.equal(await c.untilClosed(), ""); // no probe either
  assert.equal((await proxy.access(0))["reason"], "client_closed");
});

test("half_close = abort cuts an answer that flows when its client finishes sending", async (t) => {
  const { server, proxy, client } = await openScene(t, ABORT);
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  connection.send(`${CHUNKED}3\r\none\r\n`);
  await c.until("one");
  c.end();
  await eventually("the server to be let go", () => connection.ended || connection.closed, SECOND_MS);
  assert.doesNotMatch(await c.untilClosed(), /\r\n0\r\n/);
  assert.equal((await proxy.access(0))["reason"], "client_closed");
});

/** A request of HTTP/1.0, to which no interim answer may be sent. */
function oldGet(path: string, ...lines: string[]): string {
  return [`GET ${path} HTTP/1.0`, "Host: a.example", ...lines, "", ""].join("\r\n");
}

const LEAVING: [how: string, leave: (client: RawClient) => void][] = [
  ["closes", (client) => client.close()],
  ["finishes sending", (client) => client.end()],
];
for (const [how, leave] of LEAVING) {
  test(`DownstreamConnection takes a client of HTTP/1.0 that ${how} while the server thinks to be gone`, async (t) => {
    const { server, proxy, client } = await openScene(t);
    const c = await client();
    c.send(oldGet("/", "Connection: keep-alive"));
    const connection = await asked(server);
    leave(c);
    await eventually("the server to be let go", () => connection.ended || connection.closed, SECOND_MS);
    assert.equal((await proxy.access(0))["reason"], "client_closed");
  });
}

test("DownstreamConnection sends a client of HTTP/1.0 that finishes sending the rest of an answer", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(oldGet("/"));
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none");
  await c.until("one");
  c.end();
  for (const piece of ["t", "w", "o"]) {
    connection.send(piece);
    await c.until(`one${"two".slice(0, "two".indexOf(piece) + 1)}`);
  }
  assert.match(await c.untilClosed(), /\r\n\r\nonetwo$/);
});

test("DownstreamConnection answers a client of HTTP/1.0 that finishes sending behind a second request", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(oldGet("/1", "Connection: keep-alive") + oldGet("/2"));
  c.end();
  (await asked(server)).send(ok("one"));
  await c.until("one");
  const second = await eventually("/2", () => server.connections.find((one) => one.received.includes("/2")));
  second.send(ok("two"));
  assert.match(await c.untilClosed(), /one[^]*two$/);
});

test("a client that pipelines requests for the proxy's own pages and finishes sending gets all of them", async (t) => {
  const scene = await openScene(t, {
    frontend: { default_backend: undefined, routes: [{ respond: { body: "own" } }] },
  });
  const c = await scene.client();
  c.send(get("/own").repeat(500));
  c.end();
  await c.untilClosed();
  assert.equal(messagesIn(c.received), 500);
});
