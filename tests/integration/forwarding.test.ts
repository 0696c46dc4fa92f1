// What a client sends reaches the server as it was, and the answer likewise.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { RawClient } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { bodyOf, bytes, get, ok, openScene } from "./scene.ts";

const IDENTITY = [
  "X-Forwarded-For: 127.0.0.1",
  "X-Forwarded-Proto: http",
  "X-Forwarded-Host: a.example",
  "X-Forwarded-Port: 80",
  "X-Real-IP: 127.0.0.1",
  "X-Request-Id: …",
];

const TARGETS = [
  "/a%2Fb%2fc",
  "/a/../b/./c/..",
  "//a///b//",
  "/%2e%2e/%2E/x",
  "/?q=%zz%&%",
  "/?a=\"<>`{}|^[]\\'",
  "/caf\xc3\xa9?x=\xff\xfe",
  "/?",
  "/;v=1,2:3@4!$&'()*+=~",
  "/a?b?c//../d/%2F",
  "/http://b.example/x",
];
for (const target of TARGETS) {
  test(`forward() sends the target ${JSON.stringify(target)} on byte for byte`, async (t) => {
    const { server, client } = await openScene(t, { answer: ok() });
    const c = await client();
    c.send(get(target));
    await c.until("200 OK");
    assert.equal(server.received.slice(0, server.received.indexOf("\r\n")), `GET ${target} HTTP/1.1`);
  });
}

test("forward() keeps the order, case, repetitions and bytes of request fields", async (t) => {
  const { server, client } = await openScene(t, { answer: ok() });
  const lines = [
    "X-Second: 1",
    "hOST: a.example",
    "x-first: a, b",
    "Cookie: a=1",
    "X-SECOND: 2",
    "Cookie: b=2",
    "X-Empty: ",
    "x-high: \xe9\xff",
    "Accept-Encoding: br;q=0.5,  gzip",
    "USER-agent: x/1 (y; z)",
  ];
  const c = await client();
  c.send(["GET / HTTP/1.1", ...lines, "", ""].join("\r\n"));
  await c.until("200 OK");
  assert.equal(
    server.received.replace(/^(X-Request-Id: )[0-9a-f]{16}-\w+\r$/m, "$1…\r"),
    ["GET / HTTP/1.1", ...lines, ...IDENTITY, "Via: 1.1 sluice", "", ""].join("\r\n"),
  );
});

test("forward() keeps the order, case, repetitions and bytes of response fields", async (t) => {
  const lines = [
    "x-LAST: 1",
    "Set-Cookie: a=1; Path=/; Expires=Wed, 01 Jan 2031 00:00:00 GMT",
    "DATE: Thu, 01 Jan 2026 00:00:00 GMT",
    "set-cookie: b=2",
    "X-Last: 2",
    "content-LENGTH: 2",
    "WWW-Authenticate: Basic realm=a",
    "WWW-Authenticate: Bearer",
    "X-High: \xe9\xff",
  ];
  const { client } = await openScene(t, {
    answer: ["HTTP/1.1 200 Quite Fine", ...lines, "", "hi"].join("\r\n"),
  });
  const c = await client();
  c.send(get());
  assert.equal(
    await c.until("\r\n\r\nhi"),
    ["HTTP/1.1 200 Quite Fine", ...lines, "Via: 1.1 sluice", "", "hi"].join("\r\n"),
  );
});

test("forward() passes a gzip body with two Set-Cookies on unchanged", async (t) => {
  const text = "the same words again and again; ".repeat(1000);
  const packed = gzipSync(text).toString("latin1");
  const { client } = await openScene(t, {
    answer: ok(packed, "Content-Encoding: gzip", "Set-Cookie: a=1", "Set-Cookie: b=2"),
  });
  const c = await client();
  c.send(get("/", "Accept-Encoding: gzip", "Connection: close"));
  const received = await c.untilClosed();
  assert.match(received, /\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n/);
  assert.match(received, /\r\nContent-Encoding: gzip\r\n/);
  assert.equal(gunzipSync(bytes(bodyOf(received))).toString(), text);
});

test("Router.find() takes /api and /api/x to the route /api, but not /apix", async (t) => {
  const api = await RawServer.answering(ok("api"));
  const rest = await RawServer.answering(ok("rest"));
  const proxy = await startTestProxy({
    servers: [],
    config: {
      frontends: [{
        bind: "127.0.0.1:0",
        default_backend: "rest",
        routes: [{ path_prefix: "/api", backend: "api" }],
      }],
      backends: {
        api: { servers: [`http://127.0.0.1:${api.port}`] },
        rest: { servers: [`http://127.0.0.1:${rest.port}`] },
      },
    },
  });
  t.after(async () => {
    await proxy.stop();
    await api.close();
    await rest.close();
  });
  const found: Record<string, string> = {};
  for (
    const path of ["/api", "/api/", "/api/x", "/api?q", "/apix", "/ap", "/API", "//api", "/%61pi", "/x/api"]
  ) {
    const c = await RawClient.open(proxy.port);
    c.send(get(path, "Connection: close"));
    found[path] = bodyOf(await c.untilClosed());
  }
  assert.deepEqual(found, {
    "/api": "api",
    "/api/": "api",
    "/api/x": "api",
    "/api?q": "api",
    "/apix": "rest",
    "/ap": "rest",
    "/API": "rest",
    "//api": "api",
    "/%61pi": "api",
    "/x/api": "rest",
  });
});

test("forward() joins X-Forwarded-For of two lines and adds the client last", async (t) => {
  const { server, client } = await openScene(t, { answer: ok() });
  const c = await client();
  c.send(get("/", "X-Forwarded-For: 192.0.2.1, 192.0.2.2", "X-Other: 1", "x-forwarded-for: 192.0.2.3"));
  await c.until("200 OK");
  assert.deepEqual(server.received.match(/^x-forwarded-for: .*$/gim)?.map((line) => line.trim()), [
    "X-Forwarded-For: 192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1",
  ]);
});

test("forward() puts the base path of a server before every target", async (t) => {
  const server = await RawServer.answering(ok());
  const proxy = await startTestProxy({ servers: [`http://127.0.0.1:${server.port}/base/`] });
  t.after(async () => {
    await proxy.stop();
    await server.close();
  });
  const c = await RawClient.open(proxy.port);
  c.send(get("//x?y", "Connection: close"));
  await c.untilClosed();
  assert.match(server.received, /^GET \/base\/\/x\?y HTTP\/1\.1\r\n/);
});

test("forward() names the server itself in Host where host_header is rewrite", async (t) => {
  const { server, client } = await openScene(t, { answer: ok(), backend: { host_header: "rewrite" } });
  const c = await client();
  c.send(get());
  await c.until("200 OK");
  assert.match(server.received, new RegExp(`\r\nHost: 127\\.0\\.0\\.1:${server.port}\r\n`));
  assert.match(server.received, /\r\nX-Forwarded-Host: a\.example\r\n/);
});
