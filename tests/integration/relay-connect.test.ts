// CONNECT: a tunnel to the target, or through a parent proxy (RFC 9110 §9.3.6).
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawServer } from "../support/raw-server.ts";
import { bodyOf, messagesIn, ok } from "./scene.ts";
import { connectTo, credentials, linesOf, lone, openRelay, statusOf } from "./relay-scene.ts";

const OPENED = "HTTP/1.1 200 Connection established\r\n";

test("createRelayApp() joins a client that asks by CONNECT with its target, and counts the bytes", async (t) => {
  const { client, target, place, proxy } = await openRelay(t, { onData() {} });
  const c = await client();
  c.send(connectTo(place));
  assert.deepEqual(linesOf(await c.until("\r\n\r\n")), [
    "HTTP/1.1 200 Connection Established",
    "Via: 1.1 sluice",
  ]);
  c.send("\x16\x03\x01 GET / HTTP/1.1\r\n\r\n");
  const connection = await eventually("the target's connection", () => target.connections[0]);
  await connection.until("\x16\x03\x01 GET / HTTP/1.1\r\n\r\n");
  connection.send("\x16hello");
  await c.until("\x16hello");
  c.close();
  const { status, reason, method, host, server, bytes_in: sent, bytes_out: got } = await proxy.access(0);
  assert.deepEqual({ status, reason, method, host, server, sent, got }, {
    status: 200,
    reason: "ok",
    method: "CONNECT",
    host: place,
    server: `http://${place}`,
    sent: 22,
    got: 6,
  });
});

test("createRelayApp() asks a parent for the tunnel, with its credentials and not the client's", async (t) => {
  const { client, parents } = await openRelay(t, {
    parents: [`${OPENED}\r\n`],
    entry: { username: "us", password: "s3cret" },
    backend: { host_header: "rewrite" },
  });
  const c = await client();
  c.send(
    connectTo("H.example:443", "User-Agent: test", credentials("a", "b"), "Proxy-Connection: keep-alive"),
  );
  await c.until("\r\n\r\n");
  assert.deepEqual(linesOf(parents[0]!.received), [
    "CONNECT H.example:443 HTTP/1.1",
    "Host: H.example:443",
    "User-Agent: test",
    credentials("us", "s3cret"),
    "Via: 1.1 sluice",
  ]);
});

test("createRelayApp() gives the target what came in the packet of the CONNECT, and behind it", async (t) => {
  const { client, target, place } = await openRelay(t, { onData() {} });
  const c = await client();
  c.send(`${connectTo(place)}EARLY1`);
  c.send("EARLY2");
  await eventually("it at the target", () => target.received === "EARLY1EARLY2");
});

test("createRelayApp() sends a parent nothing of the tunnel before its 2xx, and then all of it", async (t) => {
  const { client, parents } = await openRelay(t, { parents: [undefined] });
  const c = await client();
  c.send(`${connectTo("h.example:443")}EARLY1`);
  const connection = await eventually("the parent's connection", () => parents[0]!.connections[0]);
  await connection.until("\r\n\r\n");
  c.send("EARLY2");
  const other = await client();
  other.send(connectTo("other.example:443"));
  await eventually("a request that came later", () => parents[0]!.received.includes("other.example"));
  assert.equal(bodyOf(connection.received), "");
  assert.equal(c.received, "");
  connection.send(`${OPENED}\r\n`);
  await connection.until("EARLY1EARLY2");
});

for (
  const fields of [
    "Content-Length: 3",
    "Transfer-Encoding: chunked",
    "Content-Length: 0\r\nConnection: close",
  ]
) {
  test(`createRelayApp() ignores "${fields.split("\r")[0]}" in a 2xx, and keeps the bytes behind it (RFC 9110 §9.3.6)`, async (t) => {
    const { client, parents } = await openRelay(t, { parents: [`${OPENED}${fields}\r\n\r\n5\r\nHELLO`] });
    const c = await client();
    c.send(connectTo("h.example:443"));
    await c.until("HELLO");
    assert.equal(c.received, `${OPENED}Via: 1.1 sluice\r\n\r\n5\r\nHELLO`);
    c.send("more");
    await parents[0]!.connections[0]!.until("more");
    assert.equal(c.ended, false);
  });
}

test("createRelayApp() passes the refusal of a parent on, closes, and blames nobody", async (t) => {
  const refusal = ok("who?", 'Proxy-Authenticate: Basic realm="parent"').replace("200 OK", "407 Who Are You");
  const { client, parents, proxy } = await openRelay(t, { parents: [refusal, refusal] });
  const c = await client();
  c.send(connectTo("h.example:443") + lone("http://smuggled.example/"));
  const answer = await c.untilClosed();
  assert.equal(messagesIn(answer), 1);
  assert.match(answer, /^HTTP\/1\.1 407 Who Are You\r\n/);
  assert.match(
    answer,
    /\r\nProxy-Authenticate: Basic realm="parent"\r\n[^]*\r\nConnection: close\r\n\r\nwho\?$/,
  );
  assert.equal(messagesIn(parents[0]!.received + parents[1]!.received), 1);
  assert.ok(proxy.running.status().backends[0]!.servers.every(({ available }) => available));
  assert.equal(proxy.events.filter(({ event }) => event.startsWith("server_")).length, 0);
});

test("reusableFor() has no connection that carried CONNECT used again, refused or not (RFC 9931)", async (t) => {
  let status = "403 No";
  const { ask, client, parents, proxy } = await openRelay(t, {
    parents: [(head) => head.startsWith("CONNECT") ? ok("x").replace("200 OK", status) : ok("<page>")],
  });
  await ask(connectTo("h.example:443"));
  await ask(lone("http://h.example/"));
  assert.equal(parents[0]!.connections.length, 2);
  status = "200 OK";
  const c = await client();
  c.send(connectTo("h.example:443"));
  await c.until("200 OK");
  assert.equal(parents[0]!.connections.length, 3); // not on the one that the page left unused
  c.close();
  await eventually("its end", () => proxy.inFlight() === 0);
  await ask(lone("http://h.example/"));
  assert.equal(parents[0]!.connections.length, 3);
  assert.equal(messagesIn(parents[0]!.connections[2]!.received), 1);
});

for (const field of ["Content-Length: 3", "Transfer-Encoding: chunked"]) {
  test(`RequestDecoder refuses a CONNECT with "${field}"`, async (t) => {
    const { ask, target, place } = await openRelay(t);
    assert.equal(statusOf(await ask(`${connectTo(place, field)}0\r\n\r\n`)), 400);
    assert.equal(target.connections.length, 0);
  });
}

for (
  const authority of ["h.example:", "h.example:x", "h.example:99999", ":443", "u@h.example:443", "[::1", "/"]
) {
  test(`parseTarget() refuses CONNECT ${authority}`, async (t) => {
    const { ask, parents } = await openRelay(t, { parents: [ok()] });
    const answer = await ask(`CONNECT ${authority} HTTP/1.1\r\nHost: h.example\r\n\r\n`);
    assert.equal(statusOf(answer), 400);
    assert.match(answer, /\r\nConnection: close\r\n/i);
    assert.equal(parents[0]!.received, "");
  });
}

for (
  const [authority, whole] of [["h.example", "h.example:443"], [
    "[2001:db8::1]",
    "[2001:db8::1]:443",
  ]] as const
) {
  test(`parseTarget() takes CONNECT ${authority} for port 443`, async (t) => {
    const { client, parents, proxy } = await openRelay(t, { parents: [`${OPENED}\r\n`] });
    const c = await client();
    c.send(`CONNECT ${authority} HTTP/1.0\r\n\r\n`);
    await c.until("200 Connection established");
    assert.deepEqual(linesOf(parents[0]!.received).slice(0, 2), [
      `CONNECT ${whole} HTTP/1.1`,
      `Host: ${whole}`,
    ]);
    c.close();
    assert.equal((await proxy.access(0))["host"], whole);
  });
}

test("createRelayApp() opens a tunnel to an IPv6 address", async (t) => {
  const target = await RawServer.listen({ onData: (connection) => connection.send("six") }, { host: "::1" });
  t.after(() => target.close());
  const { client } = await openRelay(t, { relay: { connect_ports: [target.port] } });
  const c = await client();
  c.send(`${connectTo(`[::1]:${target.port}`)}hello`);
  await c.until("six");
});
