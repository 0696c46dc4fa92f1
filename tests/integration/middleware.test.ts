// Hono's middlewares in front of the proxy: the lazy Request and Response pass for real ones.
import assert from "node:assert/strict";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { basicAuth } from "hono/basic-auth";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { timing } from "hono/timing";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { eventually } from "../support/eventually.ts";
import { type AppOptions, openAppScene } from "./app-scene.ts";
import { bytes, dechunk, get, messagesIn, ok, post, request } from "./scene.ts";

const TEXT = "a line of text that goes on and on\n".repeat(200);
const FIELDS = ["Content-Type: text/plain", "X-Own: 1", "Set-Cookie: a=1", "Set-Cookie: b=2"];
const ANSWER = ok(TEXT, ...FIELDS);

interface Given extends Partial<AppOptions> {
  readonly middleware?: MiddlewareHandler | MiddlewareHandler[];
}

/** What a client gets, head and body apart, and what the server saw. */
interface Seen {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  readonly server: string;
}

/** One request through an app with `middleware` in front of the proxy. */
async function ask(t: Parameters<typeof openAppScene>[0], given: Given, text: string): Promise<Seen> {
  const all = [given.middleware ?? []].flat();
  const use = (app: Hono) => {
    for (const middleware of all) app.use(middleware);
    given.use?.(app);
  };
  const echo = given.onData ? { onData: given.onData } : { answer: given.answer ?? ANSWER };
  const { server, client } = await openAppScene(t, { ...echo, use });
  const c = await client();
  c.send(text.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  const received = await c.untilClosed();
  const end = received.indexOf("\r\n\r\n");
  const head = received.slice(0, end + 2);
  const raw = received.slice(end + 4);
  const body = /\r\nTransfer-Encoding: chunked\r\n/i.test(head) ? dechunk(raw).body : raw;
  assert.equal(messagesIn(head), 1);
  return { status: Number(head.split(" ")[1]), head, body, server: server.received };
}

/** Asserts that everything the server sent is still there. */
function assertWhole({ status, head, body }: Seen): void {
  assert.equal(status, 200);
  for (const field of FIELDS) assert.match(head, new RegExp(`\r\n${field}\r\n`, "i"));
  assert.equal(body, TEXT);
}

test("secureHeaders() adds its fields to an answer and leaves the others alone", async (t) => {
  const seen = await ask(t, { middleware: secureHeaders() }, get());
  assertWhole(seen);
  assert.match(seen.head, /\r\nx-content-type-options: nosniff\r\n/i);
  assert.match(seen.head, /\r\nContent-Length: 7000\r\n/i);
});

test("a middleware sees the fields that the client gets: none for the connection to the server, and our Via", async (t) => {
  const names: string[] = [];
  const looks: MiddlewareHandler = async (c, next) => {
    await next();
    names.push(...c.res.headers.keys());
  };
  const answer = ok(TEXT, ...FIELDS, "Connection: keep-alive", "Keep-Alive: timeout=9");
  const seen = await ask(t, { middleware: looks, answer }, get());
  assertWhole(seen);
  assert.deepEqual(names.toSorted(), [
    "content-length",
    "content-type",
    "set-cookie",
    "set-cookie",
    "via",
    "x-own",
  ]);
  assert.match(seen.head, /\r\nVia: 1.1 sluice\r\n/i);
});

test("compress() packs an untouched answer, and leaves a packed one alone", async (t) => {
  const seen = await ask(t, { middleware: compress() }, get("/", "Accept-Encoding: gzip"));
  assert.match(seen.head, /\r\ncontent-encoding: gzip\r\n/i);
  assert.match(seen.head, /\r\nvary: accept-encoding\r\n/i);
  assert.doesNotMatch(seen.head, /content-length/i);
  assert.equal(gunzipSync(bytes(seen.body)).toString(), TEXT);
  const plain = await ask(t, { middleware: compress() }, get());
  assertWhole(plain);
  const packed = await ask(
    t,
    {
      middleware: compress(),
      answer: ok("packed".repeat(500), "Content-Type: text/plain", "Content-Encoding: br"),
    },
    get("/", "Accept-Encoding: gzip"),
  );
  assert.equal(packed.body, "packed".repeat(500));
});

test("basicAuth() refuses without asking the server, and lets in who may", async (t) => {
  const middleware = basicAuth({ username: "u", password: "p" });
  const refused = await ask(t, { middleware }, get());
  assert.equal(refused.status, 401);
  assert.match(refused.head, /\r\nwww-authenticate: Basic /i);
  assert.equal(refused.server, "");
  assertWhole(await ask(t, { middleware }, get("/", `Authorization: Basic ${btoa("u:p")}`)));
});

test("cors() answers a preflight and adds its fields to an answer", async (t) => {
  const middleware = cors({ origin: "https://x.example" });
  const preflight = await ask(
    t,
    { middleware },
    request("OPTIONS", "/", ["Origin: https://x.example", "Access-Control-Request-Method: PUT"]),
  );
  assert.equal(preflight.status, 204);
  assert.match(preflight.head, /\r\naccess-control-allow-methods: .*PUT/i);
  const seen = await ask(t, { middleware }, get("/", "Origin: https://x.example"));
  assertWhole(seen);
  assert.match(seen.head, /\r\naccess-control-allow-origin: https:\/\/x\.example\r\n/i);
});

test("etag() reads the answer, marks it, and answers 304 to who has it", async (t) => {
  const seen = await ask(t, { middleware: etag() }, get());
  assertWhole(seen);
  const tag = /\r\netag: (.+)\r\n/i.exec(seen.head)![1]!;
  const cached = await ask(t, { middleware: etag() }, get("/", `If-None-Match: ${tag}`));
  assert.equal(cached.status, 304);
  assert.equal(cached.body, "");
});

const UPLOADS: [how: string, text: string][] = [
  ["with a length", post("0123456789")],
  ["in chunks", request("POST", "/", ["Transfer-Encoding: chunked"]) + "a\r\n0123456789\r\n0\r\n\r\n"],
];
const answerUpload: NonNullable<AppOptions["onData"]> = (connection) => {
  if (/0123456789/.test(connection.received)) connection.send(ANSWER);
};
for (const [how, text] of UPLOADS) {
  test(`bodyLimit() lets a small body ${how} through and refuses a large one`, async (t) => {
    const seen = await ask(t, { middleware: bodyLimit({ maxSize: 10 }), onData: answerUpload }, text);
    assertWhole(seen);
    assert.match(seen.server, /^POST \/ HTTP\/1\.1\r\n/);
    assert.match(seen.server, /\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
    const refused = await ask(t, { middleware: bodyLimit({ maxSize: 9 }) }, text);
    assert.equal(refused.status, 413);
    assert.equal(refused.server, "");
  });

  test(`Request.clone() gives a body ${how} to read, and the server gets it as well`, async (t) => {
    let read = "";
    const middleware: MiddlewareHandler = async (c, next) => {
      read = await c.req.raw.clone().text();
      await next();
    };
    const seen = await ask(t, { middleware, onData: answerUpload }, text);
    assertWhole(seen);
    assert.equal(read, "0123456789");
    assert.match(seen.server, /^POST \/ HTTP\/1\.1\r\n/);
  });

  test(`Request.text() gives a body ${how} to an app that answers itself`, async (t) => {
    const use = (app: Hono) => void app.post("/", async (c) => c.text(`got ${await c.req.text()}`));
    const seen = await ask(t, { use }, text);
    assert.equal(seen.body, "got 0123456789");
    assert.equal(seen.server, "");
  });

  test(`new Request(request) passes a body ${how} on`, async (t) => {
    const middleware: MiddlewareHandler = async (c, next) => {
      c.req.raw = new Request(c.req.raw, { headers: new Headers([...c.req.raw.headers, ["x-added", "1"]]) });
      await next();
    };
    const seen = await ask(t, { middleware, onData: answerUpload }, text);
    assertWhole(seen);
    assert.match(seen.server, /\r\nx-added: 1\r\n/i);
    assert.match(seen.server, /^POST \/ HTTP\/1\.1\r\n/);
    assert.match(seen.server, /\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
  });
}

test("timing() adds its field and requestId() names the request", async (t) => {
  let id = "";
  const keep: MiddlewareHandler = async (c, next) => {
    id = c.get("requestId");
    await next();
  };
  const seen = await ask(t, { middleware: [timing(), requestId(), keep] }, get("/", "X-Request-Id: abc-123"));
  assertWhole(seen);
  assert.match(seen.head, /\r\nserver-timing: /i);
  assert.equal(id, "abc-123");
});

test("Request.body streams a large upload to an app, piece by piece", async (t) => {
  const size = 8_000_000;
  const use = (app: Hono) =>
    void app.post("/", async (c) => {
      let length = 0;
      for await (const piece of c.req.raw.body!) length += piece.length;
      return c.text(`got ${length}`);
    });
  const seen = await ask(t, { use }, post("x".repeat(size)));
  assert.equal(seen.body, `got ${size}`);
});

test("new Request(request) streams a large upload on to the server", async (t) => {
  const size = 8_000_000;
  const middleware: MiddlewareHandler = async (c, next) => {
    c.req.raw = new Request(c.req.raw);
    await next();
  };
  let left = size;
  const onData: NonNullable<AppOptions["onData"]> = (connection, chunk) => {
    const before = left;
    for (const byte of chunk) if (byte === 0x7a) left--;
    if (left <= 0 && before > 0) connection.send(ANSWER);
  };
  assertWhole(await ask(t, { middleware, onData }, post("z".repeat(size))));
});

for (const host of ["xn--a", "1.2.3.4.5", "[2001:db8::1:2:192.0.2.1]"]) {
  test(`new Request(request) goes on to the server with a Host that a URL parser may refuse: ${host}`, async (t) => {
    const middleware: MiddlewareHandler = async (c, next) => {
      c.req.raw = new Request(c.req.raw);
      await next();
    };
    const seen = await ask(t, { middleware }, get("/a?b").replace(/Host: .*/, `Host: ${host}`));
    assertWhole(seen);
    assert.match(seen.server, /^GET \/a\?b HTTP\/1\.1\r\n/);
    assert.ok(seen.server.includes(`\r\nHost: ${host}\r\n`));
  });
}

test("an answer in whose place a middleware puts its own holds no connection", async (t) => {
  const use = (app: Hono) =>
    void app.use(async (c, next) => {
      await next();
      c.res = undefined;
      c.res = new Response("mine", { status: 418 });
    });
  const { client, inFlight } = await openAppScene(t, { answer: ANSWER, use });
  const c = await client();
  c.send(get());
  assert.match(await c.until("mine"), /^HTTP\/1\.1 418 /);
  await eventually("no request in flight", () => inFlight() === 0, 2000);
});

const REQUEST_VIEWS: [what: string, view: (c: Context) => string | Promise<string>, expected: string][] = [
  ["method", (c) => c.req.raw.method, "GET"],
  ["URL", (c) => c.req.raw.url, "http://a.example/a%2Fb?x=1&x=2"],
  ["Headers", (c) => c.req.raw.headers.get("x-two")!, "1, 2"],
  ["query", (c) => c.req.queries("x")!.join(), "1,2"],
  ["path", (c) => c.req.path, "/a%2Fb"],
  ["class", (c) => String(c.req.raw instanceof Request), "true"],
  ["tag", (c) => Object.prototype.toString.call(c.req.raw), "[object Request]"],
  ["missing body", (c) => String(c.req.raw.body), "null"],
  ["empty text", async (c) => `<${await c.req.text()}>`, "<>"],
  ["signal", (c) => String(c.req.raw.signal.aborted), "false"],
  ["copy", (c) => new Request(c.req.raw).url, "http://a.example/a%2Fb?x=1&x=2"],
  ["copy's headers", (c) => new Request(c.req.raw).headers.get("x-two")!, "1, 2"],
  ["copy at another URL", (c) => new Request("http://b.example/", c.req.raw).headers.get("x-two")!, "1, 2"],
];
for (const [what, view, expected] of REQUEST_VIEWS) {
  test(`IncomingRequest shows its ${what} as a real Request does`, async (t) => {
    const use = (app: Hono) => void app.get("*", async (c) => c.text(await view(c)));
    const seen = await ask(t, { use }, get("/a%2Fb?x=1&x=2", "X-Two: 1", "x-two: 2"));
    assert.equal(seen.body, expected);
  });
}
