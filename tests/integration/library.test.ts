// The building blocks of the library inside an app of one's own, on our engine and without it.
import assert from "node:assert/strict";
import { Hono } from "hono";
import { test, type TestContext } from "node:test";
import { SILENT_LOG } from "../../src/base/log.ts";
import { type BackendHandle, ConfigError, createBackend, createProxy, serve } from "../../src/mod.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { bodyOf, dechunk, get, ok, pathOf, post } from "./scene.ts";

type Answer = Parameters<typeof RawServer.answering>[0];

/** A backend before one server; both end with the test. */
async function open(t: TestContext, answer: Answer): Promise<{ server: RawServer; backend: BackendHandle }> {
  const server = await RawServer.answering(answer);
  const backend = createBackend({ servers: [`http://127.0.0.1:${server.port}`] }, { log: SILENT_LOG });
  t.after(async () => {
    await eventually("nothing in flight", () => backend.status().inFlight === 0);
    backend.stop();
    await server.close();
  });
  return { server, backend };
}

/** Serves `app` until the end of the test; resolves with its port. */
async function listen(t: TestContext, app: Hono): Promise<number> {
  const serving = await serve(app, {
    bind: "127.0.0.1:0",
    config: { shutdown: { drain_timeout: "500ms", grace: "20ms" } },
    log: SILENT_LOG,
  });
  t.after(() => serving.stop());
  return Number(serving.addresses[0]!.split(":")[1]);
}

const ask = (port: number, text: string) =>
  roundTrip(port, text.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));

test("createBackend().fetch() answers a native Request with a native Response", async (t) => {
  const { server, backend } = await open(t, ok("fine"));
  const answer = await backend.fetch(new Request("http://a.example/x?q=1"), {
    path: "/y?p=0",
    headers: { "x-a": "1" },
  });
  assert.ok(answer instanceof Response);
  assert.equal(await answer.text(), "fine");
  assert.match(server.received, /^GET \/y\?p=0&q=1 HTTP\/1\.1\r\n.*x-a: 1\r\n/s);
});

test("createBackend().fetch() answers what fails, and never rejects for a server", async (t) => {
  const { server, backend } = await open(t, ok());
  await server.close();
  const answer = await backend.fetch(new Request("http://a/"));
  assert.equal(answer.status, 502);
  assert.match(answer.headers.get("proxy-status")!, /connection_refused/);
  await answer.body?.cancel();
});

const BAD: [options: Record<string, unknown>, message: RegExp][] = [
  [{ path: "x" }, /^options: path: is "x"; accepted: a path/],
  [{ path: "/a b" }, /^options: path: /],
  [{ addPrefix: "/a\u0120HTTP/1.1\u010d\u010aX: y" }, /^options: addPrefix: /],
  [{ stripPrefix: "/\u65e5" }, /^options: stripPrefix: /],
  [{ client: "somebody" }, /^options: client: is "somebody"; accepted: an IP address/],
  [{ headers: { "x-a": "1\r\nx-b: 2" } }, /^options: headers\.x-a: is a text that cannot be sent as it is/],
  [{ headers: { "x a": "1" } }, /^options: headers\."x a": /],
  [{ headers: { "Content-Length": "1" } }, /^options: headers\.Content-Length: is set by the proxy alone/],
  [{ overrideHeaders: { "Transfer-Encoding": "chunked" } }, /^options: overrideHeaders\.Transfer-Encoding: /],
  [{ method: "HEAD" }, /^options: method: is "HEAD"; accepted: a method/],
  [{ method: "GET / HTTP/1.1\r\n" }, /^options: method: /],
  [{ timeout: 5 }, /^options: timeout: is 5; accepted: a number with its unit/],
  [{ pth: "/" }, /pth/],
];
for (const [options, message] of BAD) {
  test(`createBackend().fetch() refuses ${JSON.stringify(options)}`, async (t) => {
    const { server, backend } = await open(t, ok());
    await assert.rejects(backend.fetch(new Request("http://a/"), options), (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      return true;
    });
    assert.throws(() => backend.handler(options), ConfigError);
    assert.equal(server.connections.length, 0);
  });
}

test("a value that a program puts in is not searched for placeholders", async (t) => {
  const { server, backend } = await open(t, ok());
  await (await backend.fetch(new Request("http://a/"), { headers: { "x-a": "{client} {no}" } })).text();
  assert.match(server.received, /x-a: \{client\} \{no\}\r\n/);
});

test("overrideHeaders, method and body make a request of one's own", async (t) => {
  const { server, backend } = await open(t, ok());
  const request = new Request("http://a/?q", {
    method: "POST",
    body: "long body",
    headers: { cookie: "a=b" },
  });
  const answer = await backend.fetch(request, {
    method: "PUT",
    body: new Uint8Array([104, 105]),
    overrideHeaders: { "x-only": "1" },
    forwardQuery: false,
  });
  await answer.text();
  assert.equal(
    server.received,
    "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nx-only: 1\r\nVia: 1.1 sluice\r\n\r\nhi",
  );
});

test("a body goes to one backend only: the second is not sent an empty one", async (t) => {
  const first = await open(t, ok("first"));
  const second = await open(t, ok("second"));
  const app = new Hono();
  app.all("*", async (c) => {
    await (await first.backend.fetch(c.req.raw)).text();
    return second.backend.fetch(c.req.raw);
  });
  const port = await listen(t, app);
  assert.match(await ask(port, post("abc")), /^HTTP\/1\.1 500 /);
  assert.equal(second.server.connections.length, 0);
  assert.match(await ask(port, get("/")), /second$/);
});

test("serve() has an app of one's own answer, with middlewares, streams and errors", async (t) => {
  const { backend, server } = await open(
    t,
    (head) => ok(`server ${pathOf(head)}`, "Set-Cookie: a=1", "Set-Cookie: b=2"),
  );
  const app = new Hono();
  app.use("/api/*", async (c, next) => {
    await next();
    c.header("X-Seen", "yes");
  });
  app.all("/api/*", backend.handler({ stripPrefix: "/api" }));
  app.get("/stream", () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("piece"));
          controller.close();
        },
      }),
    ));
  app.get("/throws", () => {
    throw new Error("no");
  });
  app.onError((_error, c) => c.text("caught", 500));
  const port = await listen(t, app);
  const answer = await ask(port, get("/api/a%2Fb?q"));
  assert.match(
    answer,
    /^HTTP\/1\.1 200 OK\r\n.*Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n.*x-seen: yes\r\n.*server \/a%2Fb\?q$/is,
  );
  assert.match(server.received, /X-Forwarded-For: 127\.0\.0\.1\r\n/);
  assert.match(await ask(port, get("/stream")), /piece/);
  assert.match(await ask(port, get("/throws")), /^HTTP\/1\.1 500 .*\r\ncaught\r\n/s);
  assert.match(await ask(port, get("/nowhere")), /^HTTP\/1\.1 404 /);
});

test("serve() drains: a request under way is finished", async (t) => {
  const app = new Hono();
  let finish: (() => void) | undefined;
  app.get("*", async (c) => {
    await new Promise<void>((resolve) => finish = resolve);
    return c.text("late");
  });
  const serving = await serve(app, { bind: "127.0.0.1:0", log: SILENT_LOG });
  t.after(() => serving.stop());
  const client = await RawClient.open(Number(serving.addresses[0]!.split(":")[1]));
  client.send(get("/"));
  await eventually("the request", () => finish !== undefined);
  const stopped = serving.stop();
  finish!();
  assert.equal(dechunk(bodyOf(await client.untilClosed())).body, "late");
  assert.equal(await stopped, 0);
});

test("serve() goes on for shutdown.delay before it drains", async (t) => {
  const app = new Hono();
  app.get("*", (c) => c.text("still here"));
  const serving = await serve(app, {
    bind: "127.0.0.1:0",
    config: { shutdown: { delay: "500ms", grace: "20ms" } },
    log: SILENT_LOG,
  });
  const started = performance.now();
  const stopped = serving.stop();
  t.after(() => stopped);
  assert.match(await ask(Number(serving.addresses[0]!.split(":")[1]), get("/")), /still here/);
  assert.equal(await stopped, 0);
  assert.ok(performance.now() - started >= 499);
});

test("serve() and createBackend() list the problems of their options", async () => {
  await assert.rejects(serve(new Hono(), { bind: "nowhere", log: SILENT_LOG }), ConfigError);
  assert.throws(() => createBackend({ servers: [], balance: "x" }, { log: SILENT_LOG }), (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /backends\.backend\.servers: is an empty list/);
    assert.match(error.message, /backends\.backend\.balance: is "x"/);
    return true;
  });
});

test("status() tells what is known of listeners, backends and servers, and no secret", async (t) => {
  const server = await RawServer.answering(ok());
  const proxy = createProxy({
    frontends: [{ bind: "127.0.0.1:0", default_backend: "app" }],
    backends: {
      app: {
        servers: [`http://127.0.0.1:${server.port}`, "http://127.0.0.1:1"],
        health_check: { interval: "1h", headers: { "X-Token": "much-too-secret" } },
        sticky: { secret: "much-too-secret-as-well" },
      },
    },
  }, { log: SILENT_LOG });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  const [address] = await proxy.start();
  const { listeners, backends, connections } = proxy.status();
  assert.deepEqual([listeners, connections], [[address], 0]);
  const [app] = backends;
  assert.deepEqual(app!.servers.map(({ up, available, state }) => [up, available, state]), [
    [true, true, "ready"],
    [false, false, "ready"],
  ]);
  assert.deepEqual(app!.servers.map(({ lastProbe }) => lastProbe?.code), ["L7OK", "L4CON"]);
  assert.doesNotMatch(JSON.stringify(proxy.status()), /secret/);
});

test("an upgrade by somebody else's server is none, and holds nothing open", async (t) => {
  const { server, backend } = await open(t, ok("plain"));
  const headers = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Key": "k" };
  const answer = await backend.fetch(new Request("http://a/", { headers }));
  assert.equal(await answer.text(), "plain");
  assert.doesNotMatch(server.received, /Upgrade: websocket/i);
});

for (const status of [204, 205, 304]) {
  test(`createBackend().fetch() passes ${status} on, whatever the server sends behind it`, async (t) => {
    const { backend } = await open(t, `HTTP/1.1 ${status} X\r\nContent-Length: 3\r\n\r\nabc`);
    const answer = await backend.fetch(new Request("http://a/"));
    assert.deepEqual([answer.status, await answer.text()], [status, ""]);
  });
}

test("an app may read a body and send another in its place", async (t) => {
  const { server, backend } = await open(t, ok("fine"));
  const app = new Hono();
  app.post("*", async (c) => backend.fetch(c.req.raw, { body: `${await c.req.text()}!` }));
  assert.match(await ask(await listen(t, app), post("abc")), /fine$/);
  await eventually("the body", () => server.received.endsWith("abc!"));
});

test("a program whose server is another's says who the client is", async (t) => {
  const { server, backend } = await open(t, ok());
  await (await backend.fetch(new Request("http://a/"), { client: "192.0.2.7" })).text();
  assert.match(server.received, /X-Forwarded-For: 192\.0\.2\.7\r\n.*X-Real-IP: 192\.0\.2\.7\r\n/s);
});

test("an answer that an app does not pass on holds no connection", async (t) => {
  const { backend } = await open(t, ok("x".repeat(100_000)));
  const app = new Hono();
  app.get("*", async (c) => {
    await backend.fetch(c.req.raw);
    return c.text("own");
  });
  assert.match(await ask(await listen(t, app), get("/")), /own/);
  await eventually("nothing in flight", () => backend.status().inFlight === 0);
});

test("serve() answers 500 where an app answers what is no answer", async (t) => {
  const app = new Hono();
  app.get("*", () => Response.error());
  assert.match(await ask(await listen(t, app), get("/")), /^HTTP\/1\.1 500 /);
});

test("createProxy().start() refuses to start twice", async (t) => {
  const proxy = createProxy(
    { frontends: [{ bind: "127.0.0.1:0", routes: [{ respond: {} }] }] },
    { log: SILENT_LOG },
  );
  t.after(() => proxy.stop());
  await proxy.start();
  await assert.rejects(proxy.start(), /started already/);
});
