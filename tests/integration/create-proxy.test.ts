// The library's face: a proxy inside anybody's program, with native Requests and without the engine.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { SILENT_LOG } from "../../src/base/log.ts";
import { createProxy, type Proxy } from "../../src/mod.ts";
import { eventually } from "../support/eventually.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { asked, bodyOf, bytes, dechunk, get, ok } from "./scene.ts";

type Answer = Parameters<typeof RawServer.answering>[0];

async function open(
  t: TestContext,
  answer?: Answer,
  frontend: Record<string, unknown> = {},
): Promise<{ proxy: Proxy; server: RawServer }> {
  const server = answer === undefined ? await RawServer.listen() : await RawServer.answering(answer);
  const proxy = createProxy({
    frontends: [{ bind: "127.0.0.1:0", default_backend: "app", ...frontend }],
    backends: { app: { servers: [`http://127.0.0.1:${server.port}`] } },
  }, { log: SILENT_LOG });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  return { proxy, server };
}

test("createProxy().fetch() forwards a native GET and returns a native Response", async (t) => {
  const { proxy, server } = await open(
    t,
    "HTTP/1.1 201 Quite Fine\r\nX-A: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nhi",
  );
  const response = await proxy.fetch(
    new Request("http://a.example:8080/x%2Fy?q=1&q=2", { headers: { "X-B": "2" } }),
  );
  assert.ok(response instanceof Response);
  assert.equal(response.status, 201);
  assert.equal(response.statusText, "Quite Fine");
  assert.equal(response.headers.get("x-a"), "1");
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.equal(await response.text(), "hi");
  assert.match(server.received, /^GET \/x%2Fy\?q=1&q=2 HTTP\/1\.1\r\n/);
  assert.match(server.received, /\r\nHost: a\.example:8080\r\n/i);
  assert.match(server.received, /\r\nx-b: 2\r\n/i);
  assert.match(server.received, /\r\nX-Forwarded-For: unknown\r\n/);
});

test("createProxy().fetch() forwards a body of known length", async (t) => {
  const { proxy, server } = await open(t, ok("thanks"));
  const response = await proxy.fetch(
    new Request("http://a/", { method: "PUT", body: "hello", headers: { "Content-Length": "5" } }),
  );
  assert.equal(await response.text(), "thanks");
  await eventually("the body", () => server.received.endsWith("hello"));
  assert.match(server.received, /\r\nContent-Length: 5\r\n/i);
});

test("createProxy().fetch() streams a request body to the server as it is made", async (t) => {
  const { proxy, server } = await open(t);
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  const pending = proxy.fetch(
    new Request("http://a/", { method: "POST", body, duplex: "half" } as RequestInit),
  );
  controller.enqueue(bytes("one"));
  const connection = await asked(server);
  await connection.until("one");
  controller.enqueue(bytes("two"));
  await connection.until("two");
  controller.close();
  await connection.until("0\r\n\r\n");
  assert.equal(dechunk(bodyOf(connection.received)).body, "onetwo");
  connection.send(ok("thanks"));
  assert.equal(await (await pending).text(), "thanks");
});

test("createProxy().fetch() streams an answer as it comes, with back-pressure", async (t) => {
  const { proxy, server } = await open(t);
  const total = 24_000_000;
  const pending = proxy.fetch(new Request("http://a/"));
  const connection = await asked(server);
  connection.send(ok("x".repeat(total)));
  const response = await pending;
  await eventually("the server to be held back", () => connection.socket.writableLength > 0);
  let length = 0;
  for await (const piece of response.body!) length += piece.length;
  assert.equal(length, total);
});

test("createProxy().fetch() gives up when its signal aborts: before the answer", async (t) => {
  const { proxy, server } = await open(t);
  const controller = new AbortController();
  const pending = proxy.fetch(new Request("http://a/", { signal: controller.signal }));
  const connection = await asked(server);
  controller.abort();
  await eventually("the server to be let go", () => connection.ended || connection.closed, 1000);
  assert.equal((await pending).ok, false);
});

test("createProxy().fetch() gives up when its signal aborts: while the answer streams", async (t) => {
  const { proxy, server } = await open(t);
  const controller = new AbortController();
  const pending = proxy.fetch(new Request("http://a/", { signal: controller.signal }));
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  const reader = (await pending).body!.getReader();
  assert.equal((await reader.read()).value!.length, 4);
  const rest = reader.read();
  controller.abort();
  await assert.rejects(rest);
  await eventually("the server to be let go", () => connection.ended || connection.closed, 1000);
});

test("createProxy().fetch() asks no server for a Request that was aborted before", async (t) => {
  const { proxy, server } = await open(t, ok("hi"));
  const response = await proxy.fetch(new Request("http://a/", { signal: AbortSignal.abort() }));
  assert.equal(response.ok, false);
  assert.equal(server.received, "");
});

test("createProxy().fetch() rejects the rest of an answer that breaks off", async (t) => {
  const { proxy, server } = await open(t);
  const pending = proxy.fetch(new Request("http://a/"));
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  const response = await pending;
  connection.reset();
  await assert.rejects(response.text());
});

test("createProxy().fetch() lets the server go when the answer is cancelled", async (t) => {
  const { proxy, server } = await open(t);
  const pending = proxy.fetch(new Request("http://a/"));
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  await (await pending).body!.cancel();
  await eventually("the server to be let go", () => connection.ended || connection.closed);
});

const BODYLESS: [method: string, answer: string][] = [
  ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
  ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
  ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
];
for (const [method, answer] of BODYLESS) {
  test(`createProxy().fetch() returns no body for ${method}, ${answer.slice(9, 12)}`, async (t) => {
    const { proxy } = await open(t, answer);
    const response = await proxy.fetch(new Request("http://a/", { method }));
    assert.equal(response.body, null);
    assert.equal(String(response.status), answer.slice(9, 12));
  });
}

test("createProxy().fetch() answers a request that fails as the engine does", async (t) => {
  const gone = await RawServer.listen();
  await gone.close();
  const proxy = createProxy({
    frontends: [{ bind: "127.0.0.1:0", routes: [{ path_prefix: "/api", backend: "app" }] }],
    backends: { app: { servers: [`http://127.0.0.1:${gone.port}`] } },
  }, { log: SILENT_LOG });
  t.after(() => proxy.stop());
  const refused = await proxy.fetch(new Request("http://a/api"));
  assert.equal(refused.status, 502);
  assert.match(await refused.text(), /^502 Bad Gateway: connect_refused\nRequest id: [\w-]+\n$/);
  const lost = await proxy.fetch(new Request("http://a/other"));
  assert.equal(lost.status, 404);
  assert.match(await lost.text(), /^404 Not Found: no_route\nRequest id: [\w-]+\n$/);
});

test("createProxy().start() serves on the frontends' addresses until stop()", async (t) => {
  const { proxy, server } = await open(t, ok("hi"));
  const [address] = await proxy.start();
  const port = Number(address!.split(":")[1]);
  assert.match(await roundTrip(port, get("/", "Connection: close")), /hi$/);
  assert.equal(await proxy.stop(), 0);
  await assert.rejects(roundTrip(port, get()));
  await eventually("the server to be let go", () => server.open === 0);
});

test("createProxy().stop() closes the connections that fetch() opened", async (t) => {
  const { proxy, server } = await open(t, ok("hi"));
  await (await proxy.fetch(new Request("http://a/"))).text();
  assert.equal(server.open, 1);
  await proxy.stop();
  await eventually("the server to be let go", () => server.open === 0, 1000);
});

test("createProxy() refuses the file of a log, unless the program has a log of its own", () => {
  const config = {
    log: { file: "/dev/null" },
    frontends: [{ bind: "127.0.0.1:0", default_backend: "a" }],
    backends: { a: { servers: ["http://127.0.0.1:1"] } },
  };
  assert.throws(
    () => createProxy(config),
    /^ConfigError: config: log\.file: is for sluice run; accepted: a log/,
  );
  createProxy(config, { log: SILENT_LOG });
});
