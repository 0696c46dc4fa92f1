// What an app does to the answers that come through it.
import assert from "node:assert/strict";
import { compress } from "hono/compress";
import { secureHeaders } from "hono/secure-headers";
import type { MiddlewareHandler } from "hono";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { openAppScene } from "./app-scene.ts";
import { asked, bodyOf, dechunk, get, messagesIn, ok, request } from "./scene.ts";

const FIELDS = ["Content-Type: text/plain", "X-Own: 1", "Set-Cookie: a=1", "Set-Cookie: b=2"];
const ANSWER = ok("the answer", ...FIELDS);

/** `after`, once the answer is there. */
function then(after: (response: Response) => Response | Promise<Response>): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const response = await after(c.res);
    c.res = undefined;
    c.res = response;
  };
}

const REWRITES: [what: string, middleware: MiddlewareHandler, body: string][] = [
  ["new Response(body, response)", then((res) => new Response(res.body, res)), "the answer"],
  [
    "new Response(text, response)",
    then(async (res) => new Response((await res.text()).toUpperCase(), res)),
    "THE ANSWER",
  ],
  ["a longer text", then(async (res) => new Response(`${await res.text()}!`, res)), "the answer!"],
  ["a shorter text", then(async (res) => new Response((await res.text()).slice(4), res)), "answer"],
  ["a text beside the fields that Hono keeps", async (c, next) => {
    await next();
    c.res = new Response(`${await c.res.clone().text()}!`, { headers: { "Content-Type": "text/plain" } });
  }, "the answer!"],
  ["response.clone()", then((res) => res.clone() as unknown as Response), "the answer"],
  [
    "pipeThrough()",
    then((res) => new Response(res.body!.pipeThrough(new TransformStream()), res)),
    "the answer",
  ],
  ["a read of a clone", then(async (res) => (await res.clone().text(), res)), "the answer"],
  ["a read of arrayBuffer()", then(async (res) => new Response(await res.arrayBuffer(), res)), "the answer"],
];
for (const [what, middleware, body] of REWRITES) {
  test(`ForwardedResponse passes for a real Response: ${what}`, async (t) => {
    const { client } = await openAppScene(t, { answer: ANSWER, use: (app) => void app.use(middleware) });
    const c = await client();
    c.send(get("/", "Connection: close"));
    const received = await c.untilClosed();
    assert.match(received, /^HTTP\/1\.1 200 OK\r\n/);
    for (const field of FIELDS) assert.match(received, new RegExp(`\r\n${field}\r\n`, "i"));
    const raw = bodyOf(received);
    assert.equal(/transfer-encoding: chunked/i.test(received) ? dechunk(raw).body : raw, body);
  });
}

test("c.header() after next() changes one field and leaves the body alone", async (t) => {
  const { client } = await openAppScene(t, {
    answer: ANSWER,
    use: (app) =>
      void app.use(async (c, next) => {
        await next();
        c.header("X-Own", "2");
        c.header("X-New", "3");
      }),
  });
  const c = await client();
  c.send(get());
  const received = await c.until("the answer");
  assert.match(received, /\r\nx-own: 2\r\n/i);
  assert.match(received, /\r\nx-new: 3\r\n/i);
  assert.doesNotMatch(received, /x-own: 1/i);
  assert.equal(received.match(/set-cookie/gi)?.length, 2);
  c.send(get("/next"));
  await c.until(/the answer[^]*the answer/); // the connection goes on
});

test("response.headers changed in place keeps the order and case of the other fields", async (t) => {
  const { client } = await openAppScene(t, {
    answer: ok("x", "x-B: 1", "X-a: 2", "X-B: 3", "X-Gone: 4"),
    use: (app) =>
      void app.use(async (c, next) => {
        await next();
        c.res.headers.set("X-New", "5");
        c.res.headers.delete("X-Gone");
      }),
  });
  const c = await client();
  c.send(get());
  const received = await c.until("\r\n\r\nx");
  assert.match(received, /^HTTP\/1\.1 200 OK\r\nx-B: 1\r\nX-a: 2\r\nX-B: 3\r\nContent-Length: 1\r\n/);
  assert.match(received, /\r\nx-new: 5\r\n/i);
  assert.doesNotMatch(received, /gone/i);
});

test("an answer that an app drops is cancelled, and the connection to the server closed", async (t) => {
  const { server, client, inFlight } = await openAppScene(t, {
    use: (app) =>
      void app.use(async (c, next) => {
        await next();
        await c.res.body!.cancel();
        c.res = undefined;
        c.res = new Response("instead", { status: 503 });
      }),
  });
  const c = await client();
  c.send(get());
  const connection = await asked(server);
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
  await c.until(/^HTTP\/1\.1 503 [^]*instead/);
  await eventually("the server to be let go", () => connection.ended && inFlight() === 0);
});

test("an answer that breaks off inside a stream of an app is cut for the client", async (t) => {
  const { server, client } = await openAppScene(t, {
    use: (app) =>
      void app.use(then((res) => new Response(res.body!.pipeThrough(new TransformStream()), res))),
  });
  for (const version of ["1.0", "1.1"]) {
    const c = await client();
    c.send(`GET / HTTP/${version}\r\nHost: a.example\r\n\r\n`);
    const connection = await asked(server, server.connections.length);
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    await c.until("half");
    connection.reset();
    await eventually("the client to see the cut", () => c.closed);
    assert.equal(c.error, "ECONNRESET");
    assert.doesNotMatch(c.received, /\r\n0\r\n/);
  }
});

test("a client that leaves cancels the stream of an app and the server behind it", async (t) => {
  const { server, client, exchanges } = await openAppScene(t, {
    use: (app) => void app.use(compress({ threshold: 0 })),
  });
  const c = await client();
  c.send(get("/", "Accept-Encoding: gzip"));
  const connection = await asked(server);
  connection.send(
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
  );
  await c.until("\r\n\r\n");
  c.reset();
  await eventually("the server to be let go", () => connection.ended || connection.closed, 1000);
  await eventually("the exchange to end", () => exchanges[0]?.reason === "client_closed");
});

test("a stream of an app holds a fast server back while the client does not read", async (t) => {
  const { server, client } = await openAppScene(t, {
    use: (app) =>
      void app.use(then((res) => new Response(res.body!.pipeThrough(new TransformStream()), res))),
  });
  const total = 24_000_000;
  const c = await client();
  c.socket.pause();
  c.send(get());
  const connection = await asked(server);
  connection.send(ok("x".repeat(total)));
  const other = await client();
  other.send(get("/other"));
  (await asked(server, 1)).send(ok("other"));
  await other.until("other");
  assert.ok(connection.socket.writableLength > 0);
  c.socket.resume();
  await eventually("all of it", () => c.received.endsWith("\r\n0\r\n\r\n"), 4500);
  assert.equal(dechunk(bodyOf(c.received)).body.length, total);
});

test("HEAD through an app gets the head of the answer and no body", async (t) => {
  const { client } = await openAppScene(t, {
    answer: (head) =>
      head.startsWith("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX-Own: 1\r\n\r\n" : ANSWER,
    use: (app) => void app.use(secureHeaders()),
  });
  const c = await client();
  c.send(request("HEAD", "/") + get("/next"));
  const received = await c.until("the answer");
  assert.match(received, /^HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)*content-length: 10\r\n/i);
  assert.equal(messagesIn(received), 2);
});

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n";

const PASSES: [name: string, middleware: MiddlewareHandler][] = [
  ["secureHeaders", secureHeaders()],
  ["compress", compress()],
  ["header", async (c, next) => (await next(), c.header("X-Own", "1"))],
];
for (const [name, middleware] of PASSES) {
  test(`a tunnel passes through ${name}()`, async (t) => {
    const { server, client } = await openAppScene(t, { use: (app) => void app.use(middleware) });
    const c = await client();
    c.send(get("/", "Connection: Upgrade", "Upgrade: echo/1"));
    const connection = await asked(server);
    connection.send(SWITCH);
    const head = await c.until("\r\n\r\n");
    assert.match(head, /^HTTP\/1\.1 101 [^]*\r\nUpgrade: echo\/1\r\n/);
    if (name === "header") assert.match(head, /\r\nx-own: 1\r\n/i);
    c.send("ping");
    await connection.until("ping");
  });
}

test("a tunnel whose client left while an app thought about it is closed", async (t) => {
  let go = () => {};
  const thinking = new Promise<void>((resolve) => go = resolve);
  const { server, client, inFlight, exchanges } = await openAppScene(t, {
    use: (app) =>
      void app.use(async (_c, next) => {
        await next();
        await thinking;
      }),
  });
  const c = await client();
  c.send(get("/", "Connection: Upgrade", "Upgrade: echo/1"));
  const connection = await asked(server);
  connection.send(SWITCH);
  await eventually("the 101 to be read", () => connection.socket.writableLength === 0);
  c.reset();
  await eventually("the exchange to end", () => exchanges.length === 1);
  go();
  await eventually(
    "the server to be let go",
    () => (connection.ended || connection.closed) && inFlight() === 0,
  );
});

test("a tunnel that an app refuses is closed", async (t) => {
  const { server, client, inFlight } = await openAppScene(t, {
    use: (app) => void app.use(then(() => new Response("no tunnels here", { status: 403 }))),
  });
  const c = await client();
  c.send(get("/", "Connection: Upgrade", "Upgrade: echo/1"));
  const connection = await asked(server);
  connection.send(SWITCH);
  await c.until(/^HTTP\/1\.1 403 [^]*no tunnels here/);
  await eventually(
    "the server to be let go",
    () => (connection.ended || connection.closed) && inFlight() === 0,
  );
});
