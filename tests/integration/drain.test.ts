// A proxy that stops finishes what it has begun and begins nothing more.
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { asked, get, messagesIn, ok, openScene, post, request } from "./scene.ts";

/** What a request gets that the end of a drain cuts. */
const SHUTDOWN = /^HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n[^]*503 Service Unavailable: shutdown/;

test("RunningProxy.stop() finishes a request under way, says Connection: close, and closes", async (t) => {
  const { server, proxy, client } = await openScene(t);
  const c = await client();
  c.send(get("/1") + get("/2"));
  const connection = await asked(server);
  const stopped = proxy.stop();
  connection.send(ok("finished"));
  const received = await c.untilClosed();
  assert.match(received, /\r\nConnection: close\r\n[^]*finished$/);
  assert.equal(messagesIn(received), 1);
  assert.equal(messagesIn(server.received), 1);
  assert.equal(await stopped, 0);
});

test("RunningProxy.stop() lets an answer that has begun stream to its end", async (t) => {
  const { server, proxy, client } = await openScene(t);
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
  await c.until("one");
  const stopped = proxy.stop();
  connection.send("3\r\ntwo\r\n0\r\n\r\n");
  assert.match(await c.untilClosed(), /two\r\n0\r\n\r\n$/);
  assert.equal(await stopped, 0);
});

test("RunningProxy.stop() closes unused connections after the grace, on both sides", async (t) => {
  const { server, proxy, client } = await openScene(t, {
    answer: ok("one"),
    config: { shutdown: { drain_timeout: "5s" } },
  });
  const used = await client();
  used.send(get());
  await used.until("one");
  const fresh = await client();
  await eventually("both to be known", () => proxy.running.connections === 2);
  const started = performance.now();
  assert.equal(await proxy.stop(), 0);
  assert.ok(performance.now() - started < 1000);
  await eventually("the clients to see it", () => used.ended && fresh.ended);
  await eventually("the server to see it", () => server.open === 0);
});

test("RunningProxy.stop() refuses new connections while it drains", async (t) => {
  const { server, proxy, client } = await openScene(t, { config: { shutdown: { drain_timeout: "5s" } } });
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  const stopped = proxy.stop();
  await eventually("the port to be closed", async () => {
    try {
      const late = await RawClient.open(proxy.port);
      late.send(get("/late"));
      const gone = await late.untilClosed(1000);
      return gone === "" && false;
    } catch {
      return true;
    }
  });
  connection.send(ok("finished"));
  assert.match(await c.untilClosed(), /finished$/);
  assert.equal(await stopped, 0);
  assert.doesNotMatch(server.received, /late/);
});

test("RunningProxy.stop() lets a request in the queue finish", async (t) => {
  const { server, proxy, client } = await openScene(t, { entry: { max_connections: 1 } });
  const [first, second] = [await client(), await client()];
  first.send(get("/1"));
  const connection = await asked(server);
  second.send(get("/2"));
  await eventually("the second to wait", () => proxy.inFlight() === 2);
  const stopped = proxy.stop();
  connection.send(ok("one"));
  assert.match(await first.untilClosed(), /one$/);
  await eventually("the second request", () => messagesIn(server.received) === 2);
  server.connections.at(-1)!.send(ok("two"));
  assert.match(await second.untilClosed(), /two$/);
  assert.equal(await stopped, 0);
});

test("RunningProxy.stop() takes an upload that has begun to its end", async (t) => {
  const { server, proxy, client } = await openScene(t, {
    onData: (connection) => connection.received.endsWith("theend") && connection.send(ok("taken")),
  });
  const c = await client();
  c.send(request("POST", "/", ["Content-Length: 8"]) + "th");
  await asked(server);
  const stopped = proxy.stop();
  c.send("theend");
  assert.match(await c.untilClosed(), /taken$/);
  assert.equal(await stopped, 0);
});

test("RunningProxy.stop() cuts what is left after drain_timeout and says how many", async (t) => {
  const { server, proxy, client } = await openScene(t, { config: { shutdown: { drain_timeout: "100ms" } } });
  const [waiting, streaming, tunnelled] = [await client(), await client(), await client()];
  waiting.send(get("/waiting"));
  await asked(server, 0);
  streaming.send(get("/streaming"));
  (await asked(server, 1)).send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
  await streaming.until("one");
  tunnelled.send(get("/", "Connection: Upgrade", "Upgrade: x"));
  (await asked(server, 2)).send(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
  );
  await tunnelled.until("101");
  assert.equal(await proxy.stop(), 3);
  await eventually("all clients to be cut", () => waiting.ended && streaming.closed && tunnelled.ended);
  assert.match(waiting.received, SHUTDOWN);
  assert.equal(streaming.error, "ECONNRESET");
  assert.doesNotMatch(streaming.received, /\r\n0\r\n/);
  await eventually(
    "all servers to be let go",
    () => server.connections.every((one) => one.ended || one.closed),
  );
  await eventually("three log lines", () => proxy.accesses.length === 3);
  assert.deepEqual(proxy.accesses.map((line) => line["reason"]), ["shutdown", "shutdown", "shutdown"]);
  await eventually("nothing to be in flight", () => proxy.inFlight() === 0);
  assert.deepEqual(proxy.events.map(({ event }) => event), [
    "listening",
    "drain",
    "drain_timeout",
    "stopped",
  ]);
});

test("RunningProxy.stop() with drain_timeout 0 cuts at once", async (t) => {
  const { server, proxy, client } = await openScene(t, { config: { shutdown: { drain_timeout: "0s" } } });
  const c = await client();
  c.send(get());
  await asked(server);
  assert.equal(await proxy.stop(), 1);
  assert.match(await c.untilClosed(), SHUTDOWN);
});

test("RunningProxy.stop() lets the tail of an answer that waits in the proxy's own queue arrive", async (t) => {
  const body = "x".repeat(6_000_000);
  const { proxy, client } = await openScene(t, {
    answer: ok(body),
    config: { shutdown: { drain_timeout: "5s" } },
  });
  const c = await client();
  c.socket.pause();
  c.send(get());
  await eventually("the answer to be stuck", () => proxy.running.connections === 1 && proxy.inFlight() === 1);
  c.socket.resume();
  // The last byte is in the proxy's queue, but not out: the moment at which the connection looked unused.
  await eventually("the exchange to be over", () => proxy.accesses.length === 1);
  const stopped = proxy.stop();
  const received = await c.untilClosed();
  assert.equal(received.length - received.indexOf("\r\n\r\n") - 4, body.length);
  assert.equal(await stopped, 0);
});

test("RunningProxy.stop() writes the line of every request that it cuts", async (t) => {
  const { proxy, client } = await openScene(t, {
    answer: `HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n${"x".repeat(9_000_000)}`,
    config: { shutdown: { drain_timeout: "100ms" } },
  });
  for (let i = 0; i < 3; i++) {
    const c = await client();
    c.socket.pause();
    c.send(get());
  }
  await eventually("three answers under way", () => proxy.inFlight() === 3);
  assert.equal(await proxy.stop(), 3);
  assert.deepEqual(proxy.accesses.map((access) => access["reason"]), ["shutdown", "shutdown", "shutdown"]);
});

test("RunningProxy.stop() answers a request that arrives with the signal", async (t) => {
  const { proxy, client } = await openScene(t, { answer: ok("hi") });
  const c = await client();
  c.send(get());
  await c.until("hi");
  c.send(get());
  const stopped = proxy.stop();
  assert.match(await c.untilClosed(), /hi[^]*\r\nConnection: close\r\n[^]*hi$/);
  assert.equal(c.error, undefined);
  assert.equal(await stopped, 0);
});

test("RunningProxy.stop() does not call unused connections cut, however short the drain", async (t) => {
  const { proxy, client } = await openScene(t, {
    answer: ok("hi"),
    config: { shutdown: { drain_timeout: "0s" } },
  });
  const c = await client();
  c.send(get());
  await c.until("hi");
  assert.equal(await proxy.stop(), 0);
});

test("RunningProxy.stop() answers the next request of a kept connection within the grace", async (t) => {
  const { server, proxy, client } = await openScene(t, {
    answer: ok("hi"),
    config: { shutdown: { drain_timeout: "20s", grace: "10s" } },
  });
  const [kept, fresh] = [await client(), await client()];
  kept.send(get());
  await kept.until("hi");
  const started = performance.now();
  const stopped = proxy.stop();
  await eventually("a round trip", () => performance.now() - started > 100);
  for (const c of [kept, fresh]) {
    assert.equal(c.ended || c.closed, false);
    c.send(post("body"));
    assert.match(await c.untilClosed(), /\r\nConnection: close\r\n[^]*hi$/);
    assert.equal(c.error, undefined);
  }
  assert.equal(await stopped, 0);
  assert.ok(performance.now() - started < 9000); // it waits for connections, not for the grace
  assert.equal(messagesIn(server.received), 3);
});

test("RunningProxy.stop() keeps the grace within drain_timeout", async (t) => {
  const { proxy, client } = await openScene(t, {
    answer: ok("hi"),
    config: { shutdown: { drain_timeout: "100ms", grace: "10s" } },
  });
  const c = await client();
  c.send(get());
  await c.until("hi");
  const started = performance.now();
  assert.equal(await proxy.stop(), 0);
  assert.ok(performance.now() - started < 5000);
});

test("RunningProxy.stop() loses no request of clients behind a slow line", async (t) => {
  const { proxy } = await openScene(t, {
    answer: ok("hi"),
    config: { shutdown: { drain_timeout: "10s", grace: "1s" } },
  });
  const line = await openSlowLine(proxy.port, 40);
  t.after(() => line.close());
  let answered = 0;
  const clients = Array.from({ length: 10 }, async () => {
    const c = await RawClient.open(line.port);
    let sent = 0;
    while (!c.received.includes("Connection: close")) {
      c.send(post("body"));
      sent++;
      await eventually("the answer", () => messagesIn(c.received) === sent);
      answered++;
    }
    c.close();
  });
  await eventually("traffic", () => answered >= 10);
  const stopped = proxy.stop();
  await Promise.all(clients);
  assert.equal(await stopped, 0);
});

test("RunningProxy.stop() answers an upload 503 that its end cuts, and gives its server up", async (t) => {
  const { server, proxy, client } = await openScene(t, { config: { shutdown: { drain_timeout: "100ms" } } });
  const c = await client();
  c.send(request("POST", "/", ["Content-Length: 1000000"]) + "x".repeat(10_000));
  const connection = await asked(server);
  assert.equal(await proxy.stop(), 1);
  assert.match(await c.untilClosed(), SHUTDOWN);
  await eventually("the server to be let go", () => connection.ended || connection.closed);
  assert.equal((await proxy.access(0))["reason"], "shutdown");
  assert.equal((await proxy.access(0))["status"], 503);
});

test("RunningProxy.stop() goes on for shutdown.delay, while /ready and ready_path say 503", async (t) => {
  const { proxy, client } = await openScene(t, {
    answer: ok("hi"),
    frontend: { ready_path: "/up" },
    config: { admin: { bind: "127.0.0.1:0" }, shutdown: { delay: "800ms", drain_timeout: "5s" } },
  });
  const admin = proxy.running.adminListener!.port;
  const isReady = async () => {
    const answers = await Promise.all([
      roundTrip(proxy.port, get("/up", "Connection: close")),
      roundTrip(admin, get("/ready", "Connection: close")),
    ]);
    return answers.map((answer) => answer.split(" ")[1]);
  };
  assert.deepEqual(await isReady(), ["200", "200"]);
  const started = performance.now();
  const stopped = proxy.stop();
  assert.deepEqual(await isReady(), ["503", "503"]);
  const c = await client();
  c.send(get());
  assert.doesNotMatch(await c.until("hi"), /\r\nConnection: close\r\n/);
  assert.equal(await stopped, 0);
  assert.ok(performance.now() - started >= 799);
  assert.deepEqual(proxy.events.map(({ event }) => event).slice(-3), ["not_ready", "drain", "stopped"]);
});

test("RunningProxy.stop() says on the admin listener that it is not ready, until the drain is over", async (t) => {
  const { server, proxy, client } = await openScene(t, {
    config: { admin: { bind: "127.0.0.1:0" }, shutdown: { drain_timeout: "5s" } },
  });
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  const admin = proxy.running.adminListener!.port;
  const stopped = proxy.stop();
  assert.match(
    await roundTrip(admin, get("/ready", "Connection: close")),
    /^HTTP\/1\.1 503 [^]*not ready\n$/,
  );
  connection.send(ok("finished"));
  await c.until("finished");
  assert.equal(await stopped, 0);
});

/** A way to `port` on which every piece takes `ms` in each direction. */
async function openSlowLine(port: number, ms: number): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const delay = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on("data", (chunk) => void setTimeout(() => to.destroyed || to.write(chunk), ms));
    from.on("end", () => void setTimeout(() => to.destroyed || to.end(), ms));
    from.on("error", () => to.destroy());
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    delay(near, far);
    delay(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
