// Connections to a server are kept, limited and let go as the config says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { asked, get, messagesIn, ok, openScene, pathOf, post, request, type Scene } from "./scene.ts";

/** Sends one request on a connection of its own and waits for its answer. */
async function once(scene: Scene, text = get("/", "Connection: close")): Promise<string> {
  const c = await scene.client();
  c.send(text);
  return await c.untilClosed();
}

/** Asks on `count` connections, waits until the server has all, then has each answered by `answer`. */
async function burst(
  scene: Scene,
  count: number,
  answer: (connection: RawConnection) => void,
): Promise<void> {
  const clients = await Promise.all(Array.from({ length: count }, () => scene.client()));
  const before = scene.server.connections.length;
  for (const c of clients) c.send(get());
  for (let i = 0; i < count; i++) await asked(scene.server, before + i);
  for (const connection of scene.server.connections.slice(before)) answer(connection);
  await Promise.all(clients.map((c) => c.until("200 OK")));
}

test("ConnectionPool uses one connection again for the requests of many clients", async (t) => {
  const scene = await openScene(t, { answer: ok() });
  for (let i = 0; i < 10; i++) assert.match(await once(scene), /^HTTP\/1\.1 200 OK/);
  assert.equal(scene.server.connections.length, 1);
  assert.equal(messagesIn(scene.server.received), 10);
});

const NOT_REUSED: [why: string, answer: string][] = [
  ["the server says Connection: close", ok("x", "Connection: close")],
  ["the server speaks HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"],
  ["the server says Connection: keep-alive, Close", ok("x", "Connection: keep-alive, Close")],
];
for (const [why, answer] of NOT_REUSED) {
  test(`ConnectionPool does not use a connection again where ${why}`, async (t) => {
    const scene = await openScene(t, { answer });
    await once(scene);
    await eventually("the connection to be closed", () => scene.server.open === 0);
    await once(scene);
    assert.equal(scene.server.connections.length, 2);
  });
}

test("ConnectionPool keeps at most max_idle unused connections", async (t) => {
  const scene = await openScene(t, { backend: { pool: { max_idle: 2 } } });
  await burst(scene, 5, (connection) => connection.send(ok()));
  await eventually("three to be closed", () => scene.server.open === 2);
});

test("ConnectionPool keeps none where max_idle is 0", async (t) => {
  const scene = await openScene(t, { answer: ok(), backend: { pool: { max_idle: 0 } } });
  await once(scene);
  await eventually("the connection to be closed", () => scene.server.open === 0);
});

test("ConnectionPool keeps none where keep_alive is 0", async (t) => {
  const scene = await openScene(t, { answer: ok(), backend: { timeouts: { keep_alive: "0s" } } });
  await once(scene);
  await eventually("the connection to be closed", () => scene.server.open === 0);
});

test("ConnectionPool closes what is unused for keep_alive", async (t) => {
  const scene = await openScene(t, { answer: ok(), backend: { timeouts: { keep_alive: "100ms" } } });
  await once(scene);
  assert.equal(scene.server.open, 1);
  await eventually("the connection to be closed", () => scene.server.open === 0, 1000);
  assert.match(await once(scene), /^HTTP\/1\.1 200 OK/);
});

test("ConnectionPool closes what is unused a second before the server's Keep-Alive: timeout", async (t) => {
  const scene = await openScene(t, { answer: ok("", "Keep-Alive: max=100, timeout=2") });
  await once(scene);
  const started = performance.now();
  assert.equal(scene.server.open, 1);
  await eventually("the connection to be closed", () => scene.server.open === 0, 1900);
  assert.ok(performance.now() - started > 800);
});

test("ConnectionPool does not use a connection again where the server keeps it for a second only", async (t) => {
  const scene = await openScene(t, { answer: ok("", "Keep-Alive: timeout=1") });
  await once(scene);
  await eventually("the connection to be closed", () => scene.server.open === 0, 500);
});

test("ConnectionPool sees that a server closed an unused connection", async (t) => {
  const scene = await openScene(t, { answer: ok() });
  for (let i = 0; i < 5; i++) {
    assert.match(await once(scene), /^HTTP\/1\.1 200 OK/);
    const last = scene.server.connections.at(-1)!;
    if (i % 2 === 0) last.end();
    else last.reset();
    await eventually("the proxy to close as well", () => scene.server.open === 0);
  }
  assert.equal(scene.server.connections.length, 5);
});

test("ConnectionPool opens at most max_connections and serves the queue in order", async (t) => {
  const scene = await openScene(t, { entry: { max_connections: 1 } });
  const clients = [];
  for (const path of ["/a", "/b", "/c", "/d"]) {
    const c = await scene.client();
    c.send(get(path));
    clients.push(c);
    await eventually(`${path} to be under way`, () => scene.proxy.inFlight() === clients.length);
  }
  const connection = await asked(scene.server);
  for (const [i, path] of ["/a", "/b", "/c", "/d"].entries()) {
    await connection.until(`GET ${path} `);
    assert.equal(messagesIn(connection.received), i + 1);
    connection.send(ok(path));
    await clients[i]!.until(path);
  }
  assert.equal(scene.server.connections.length, 1);
});

test("ConnectionPool keeps to max_connections after many waited for connections that closed", async (t) => {
  let answering = true;
  const scene = await openScene(t, {
    answer: () => answering ? ok("x", "Connection: close") : undefined,
    backend: { timeouts: { queue: "300ms" } },
    entry: { max_connections: 2 },
  });
  const all = await Promise.all(Array.from({ length: 30 }, () => once(scene)));
  for (const received of all) assert.match(received, /^HTTP\/1\.1 200 OK/);
  answering = false;
  for (let i = 0; i < 6; i++) (await scene.client()).send(get());
  await eventually("four to be refused", () => scene.proxy.accesses.length === 34);
  assert.equal(scene.proxy.inFlight(), 2);
  assert.equal(scene.server.connections.length, 32);
});

test("ConnectionPool answers 503 queue_timeout where no connection comes free in time", async (t) => {
  const { server, proxy, client } = await openScene(t, {
    entry: { max_connections: 1 },
    backend: { timeouts: { queue: "100ms" } },
  });
  const first = await client();
  first.send(get());
  const connection = await asked(server);
  const second = await client();
  second.send(get("/second"));
  const received = await second.until("queue_timeout\n");
  assert.match(received, /^HTTP\/1\.1 503 Service Unavailable\r\n[^]*\r\nRetry-After: 1\r\n/i);
  assert.equal((await proxy.access(0))["reason"], "queue_timeout");
  connection.send(ok("one"));
  await first.until("one");
  assert.equal(server.connections.length, 1);
});

test("ConnectionPool does not wait where queue is 0", async (t) => {
  const { server, client } = await openScene(t, {
    entry: { max_connections: 1 },
    backend: { timeouts: { queue: "0s" } },
  });
  (await client()).send(get());
  await asked(server);
  const second = await client();
  second.send(get());
  await second.until("503 Service Unavailable: queue_timeout");
});

test("ConnectionPool frees the place of a request that failed", async (t) => {
  const { server, client } = await openScene(t, { entry: { max_connections: 1 } });
  const paths = ["/1", "/2", "/3"];
  const clients = [];
  for (const path of paths) {
    const c = await client();
    c.send(get(path));
    clients.push(c);
  }
  for (let i = 0; i < 3; i++) (await asked(server, i)).reset();
  for (const c of clients) await c.until("upstream_reset");
  assert.equal(server.connections.length, 3);
});

const DIES: [how: string, die: (connection: RawConnection) => void][] = [
  ["closes", (connection) => connection.end()],
  ["resets", (connection) => connection.reset()],
];
for (const [how, die] of DIES) {
  for (const method of ["GET", "HEAD", "DELETE"]) {
    test(`forward() sends a ${method} once more where the server ${how} a reused connection`, async (t) => {
      const { server, proxy, client } = await openScene(t, {
        answer: (head, connection) => {
          if (head.includes("/again") && connection === server.connections[0]) return void die(connection);
          return ok(pathOf(head));
        },
      });
      const c = await client();
      c.send(get("/first"));
      await c.until("/first");
      c.send(request(method, "/again"));
      await c.until(/200 OK[^]*200 OK/);
      assert.equal(server.connections.length, 2);
      assert.equal(server.received.match(/\/again/g)?.length, 2);
      assert.equal((await proxy.access(1))["reason"], "ok");
    });
  }

  for (const text of [post("x"), request("POST", "/"), request("PATCH", "/", ["Content-Length: 0"])]) {
    test(`forward() never sends a ${text.split(" ")[0]} again where the server ${how}: ${text.length} bytes`, async (t) => {
      const { server, proxy, client } = await openScene(t, {
        // It promises to keep the connection, so that the next request is sent on it.
        answer: (head, connection) =>
          head.startsWith("GET") ? ok("one", "Keep-Alive: timeout=60") : void die(connection),
      });
      const c = await client();
      c.send(get());
      await c.until("one");
      c.send(text);
      await c.until("502 Bad Gateway: upstream_reset");
      assert.equal(server.connections.length, 1);
      assert.equal(server.received.match(/^.*(?:POST|PATCH) /gm)?.length, 1);
      assert.equal((await proxy.access(1))["reason"], "upstream_reset");
    });
  }

  test(`forward() does not send a GET again where the server ${how} a new connection`, async (t) => {
    const { server, client } = await openScene(t, { answer: (_, connection) => void die(connection) });
    const c = await client();
    c.send(get());
    await c.until("502 Bad Gateway: upstream_reset");
    assert.equal(server.connections.length, 1);
  });
}

test("forward() does not send a GET again once a byte of an answer came", async (t) => {
  const { server, client } = await openScene(t, {
    answer: (head, connection) => {
      if (!head.includes("/again")) return ok("one");
      connection.send("H");
      connection.end();
      return undefined;
    },
  });
  const c = await client();
  c.send(get());
  await c.until("one");
  c.send(get("/again"));
  await c.until("502 Bad Gateway: upstream_reset");
  assert.equal(server.connections.length, 1);
});

test("forward() sends a GET once more where its connection came from the queue", async (t) => {
  const { server, client } = await openScene(t, { entry: { max_connections: 1 } });
  const first = await client();
  first.send(get("/first"));
  const connection = await asked(server);
  const second = await client();
  second.send(get("/second"));
  await eventually("the second to wait", () => server.connections.length === 1);
  connection.send(ok("one"));
  await connection.until("/second");
  connection.reset();
  (await asked(server, 1)).send(ok("two"));
  await second.until("two");
});

test("Server.inFlight counts a request that is sent once more", async (t) => {
  const { server, proxy, client } = await openScene(t, {
    answer: (head, connection) => {
      if (!head.includes("/again")) return ok("one");
      return connection === server.connections[0] ? void connection.end() : undefined;
    },
  });
  const c = await client();
  c.send(get());
  await c.until("one");
  c.send(get("/again"));
  const connection = await asked(server, 1);
  assert.equal(proxy.inFlight(), 1);
  c.close();
  await eventually(
    "the abort to reach the second attempt",
    () => connection.ended || connection.closed,
    1000,
  );
  await eventually("nothing to be in flight", () => proxy.inFlight() === 0);
});

test("a request that waits for one server goes to another that has room first", async (t) => {
  const hung = await RawServer.listen();
  const good = await RawServer.listen();
  const proxy = await startTestProxy({
    servers: [hung, good].map(({ port }) => ({ url: `http://127.0.0.1:${port}`, max_connections: 1 })),
    backend: { balance: "first", timeouts: { queue: "60s" } },
  });
  const clients = await Promise.all([1, 2, 3].map(() => RawClient.open(proxy.port)));
  t.after(async () => {
    for (const client of clients) client.close();
    await proxy.stop();
    await Promise.all([hung.close(), good.close()]);
  });
  clients[0]!.send(get("/hangs"));
  await eventually("the first", () => hung.received.includes("/hangs"));
  clients[1]!.send(get("/slow"));
  await eventually("the second", () => good.received.includes("/slow"));
  clients[2]!.send(get("/waits"));
  await eventually("the third waits", () => proxy.inFlight() === 3);
  good.connections[0]!.send(ok("slow"));
  await eventually("the third", () => good.received.includes("/waits"));
  good.connections[0]!.send(ok("waited"));
  await clients[2]!.until("waited");
  assert.equal((await proxy.access(1))["attempts"], 1);
  assert.doesNotMatch(hung.received, /waits/);
});
