// Faults that the predecessor of the relay had, in the order of the list; none may come back. Its tunnels, its IPv6 and its
// failover are in the other files about the relay.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { parseMetrics } from "../support/metrics-parser.ts";
import { requestRate } from "../support/request-rate.ts";
import { messagesIn, ok } from "./scene.ts";
import { absolute, credentials, lone, openRelay, statusOf } from "./relay-scene.ts";

const CHUNKED = "Transfer-Encoding: chunked";

for (const parents of [[], [ok("ok!")]]) {
  const way = parents.length > 0 ? "through a parent" : "straight";

  for (const method of ["GET", "POST"]) {
    test(`createRelayApp() serves 1,000 ${method}s a second on one connection: ${way}`, async (t) => {
      const { client, place } = await openRelay(t, { parents, answer: ok("ok!") });
      const { socket } = await client();
      const url = parents.length > 0 ? "http://h.example/" : `http://${place}/`;
      const text = absolute(url, method === "POST" ? ["Content-Length: 3"] : [], method) +
        (method === "POST" ? "abc" : "");
      assert.ok(await requestRate(socket, text, { goal: 1000 }) >= 1000);
    });
  }
}

test("createRelayApp() lets a download outlive the response timeout, and writes nothing into it", async (t) => {
  const times = { response: "100ms" };
  const { ask, parents } = await openRelay(t, {
    parents: [(_head, connection) => {
      setTimeout(() => connection.send("second"), 300);
      return "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nfirst";
    }],
    backend: { timeouts: times },
  });
  const answer = await ask(lone("http://h.example/"));
  assert.match(answer, /\r\n\r\nfirstsecond$/);
  assert.equal(messagesIn(answer), 1);
  assert.equal(parents[0]!.connections.length, 1);
});

test("Server.inFlight is back at 0 behind a request that timed out, and one during which the config changed", async (t) => {
  const { ask, client, proxy, parents, reload } = await openRelay(t, {
    parents: [(head) => head.includes("silent") ? undefined : ok()],
    backend: { timeouts: { response: "200ms" } },
  });
  assert.equal(statusOf(await ask(lone("http://silent.example/"))), 504);
  await eventually("nothing under way", () => proxy.inFlight() === 0);
  const c = await client();
  c.send(lone("http://silent.example/"));
  await eventually("the request", () => messagesIn(parents[0]!.received) >= 2);
  await reload({ backend: { timeouts: { response: "300ms" } } });
  await c.untilClosed();
  await eventually("nothing under way", () => proxy.inFlight() === 0);
  const metrics = parseMetrics(proxy.running.metricsPage()); // strictly
  const gauges = [...metrics.values()].filter(({ name }) => name.endsWith("_requests_in_flight"));
  assert.ok(gauges.length === 3 && gauges.every(({ samples }) => samples.every(({ value }) => value === 0)));
});

test("Server.failed() does not blame a parent for a download that its client gave up", async (t) => {
  const half = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhalf";
  const { ask, client, proxy, parents } = await openRelay(t, {
    parents: [(head) => head.includes("/half") ? half : ok("<page>")],
  });
  for (let i = 0; i < 12; i++) {
    const c = await client();
    c.send(absolute("http://h.example/half"));
    await c.until("half");
    c.reset(); // one that only finished sending would get the rest
    assert.equal((await proxy.access(i))["reason"], "client_closed");
  }
  assert.equal(statusOf(await ask(lone("http://h.example/"))), 200);
  assert.deepEqual(proxy.events.filter(({ event }) => event.startsWith("server_")), []);
  await eventually("every broken connection to be closed", () => parents[0]!.open <= 1);
});

test("forward() never lets another answer follow half of one", async (t) => {
  const half = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf";
  const { client, parents } = await openRelay(t, { parents: [half, half] });
  const c = await client();
  c.send(absolute("http://h.example/"));
  await c.until("half");
  for (const { connections } of parents) connections[0]?.reset();
  await eventually("the client to see the cut", () => c.closed);
  assert.equal(messagesIn(c.received), 1);
  assert.equal(messagesIn(parents.map(({ received }) => received).join("")), 1);
});

test("forward() does not send a part of a POST to another parent", async (t) => {
  const cut = (_head: string, connection: { reset(): void }) => void connection.reset();
  const { client, parents } = await openRelay(t, { parents: [cut, cut] });
  const c = await client();
  c.send(absolute("http://h.example/", ["Content-Length: 200000"], "POST") + "x".repeat(4026));
  await c.until(/^HTTP\/1\.1 502 /);
  assert.equal(messagesIn(parents.map(({ received }) => received).join("")), 1);
});

test("RequestDecoder reads a chunked body that came with its head", async (t) => {
  const { ask, parents } = await openRelay(t, { parents: [ok("<page>")] });
  const body = "5\r\nhello\r\n0\r\n\r\n";
  assert.equal(
    statusOf(await ask(absolute("http://h.example/", [CHUNKED, "Connection: close"], "POST") + body)),
    200,
  );
  await eventually("the body", () => parents[0]!.received.endsWith(body));
});

test("ResponseDecoder finds the end of a chunked answer, its trailers and a chunk that looks like the end", async (t) => {
  const body = "8\r\nabc0\r\n\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\nX-Sum: 7\r\n\r\n";
  const { client } = await openRelay(t, { parents: [`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n${body}`] });
  const c = await client();
  for (let i = 1; i <= 3; i++) {
    c.send(absolute("http://h.example/"));
    await eventually("the whole answer", () => c.received.split("\r\n0\r\nX-Sum: 7\r\n\r\n").length > i);
  }
  assert.equal(messagesIn(c.received), 3);
});

test("createRelayApp() gives each request of one packet its own way, and no parent the credentials of another", async (t) => {
  const { client, parents } = await openRelay(t, { parents: [ok("<one>"), ok("<two>")] });
  const c = await client();
  c.send(
    absolute("http://one.example/", [credentials("first", "1")]) +
      absolute("http://two.example/", [credentials("second", "2")]),
  );
  await c.until(/<\w+>[^]*<\w+>/);
  assert.deepEqual(parents.map(({ received }) => messagesIn(received)), [1, 1]);
  assert.doesNotMatch(parents.map(({ received }) => received).join(""), /Proxy-Authorization/i);
});

test("requestFraming() refuses Content-Length beside Transfer-Encoding", async (t) => {
  const { ask, parents } = await openRelay(t, { parents: [ok()] });
  const text = absolute("http://h.example/", ["Content-Length: 5", CHUNKED], "POST") + "0\r\n\r\n";
  assert.equal(statusOf(await ask(text)), 400);
  assert.equal(parents[0]!.received, "");
});

test("forward() passes a 100 on, and the final answer behind it", async (t) => {
  const { client, parents } = await openRelay(t, { parents: ["HTTP/1.1 100 Continue\r\n\r\n"] });
  const c = await client();
  c.send(absolute("http://h.example/", ["Content-Length: 4", "Expect: 100-continue"], "POST"));
  await c.until("HTTP/1.1 100 Continue\r\n\r\n");
  c.send("data");
  await parents[0]!.connections[0]!.until("data");
  parents[0]!.connections[0]!.send(ok("<page>"));
  await c.until("<page>");
});

test("joinTunnel() carries a WebSocket that was asked for in absolute-form", async (t) => {
  const { client, parents } = await openRelay(t, {
    parents: ["HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
  });
  const c = await client();
  c.send(absolute("http://h.example/", ["Connection: Upgrade", "Upgrade: websocket"]));
  await c.until("101 Switching Protocols");
  c.send("\x81\x82abcd\x03\x0b");
  await parents[0]!.connections[0]!.until("\x81\x82abcd\x03\x0b");
  parents[0]!.connections[0]!.send("\x81\x02ok");
  await c.until("\x81\x02ok");
});
