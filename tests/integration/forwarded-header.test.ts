import assert from "node:assert/strict";
import { test } from "node:test";
import { get, ok, openScene, request } from "./scene.ts";

const TRUSTING = { trusted_proxies: ["127.0.0.1"], client_header: "forwarded" };

test("identify() takes scheme and host of the element that names the client", async (t) => {
  const { server, client, proxy } = await openScene(t, { answer: ok(), frontend: TRUSTING });
  const c = await client();
  c.send(get(
    "/",
    "Forwarded: for=6.6.6.6;proto=http;host=evil.test, for=192.0.2.7;proto=HTTPS;host=shop.test, for=127.0.0.1",
  ));
  await c.until("200 OK");
  assert.match(server.received, /\r\nX-Forwarded-For: 192\.0\.2\.7, 127\.0\.0\.1\r\n/);
  assert.match(server.received, /\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop\.test\r\n/);
  assert.doesNotMatch(server.received, /evil|6\.6\.6\.6|^Forwarded:/m);
  assert.equal((await proxy.access(0))["client"], "192.0.2.7");
});

test("identify() takes no scheme or host from Forwarded that is none", async (t) => {
  const { server, client } = await openScene(t, { answer: ok(), frontend: TRUSTING });
  const c = await client();
  c.send(get("/", 'Forwarded: for=192.0.2.7;proto="ht tp";host="a b"'));
  await c.until("200 OK");
  assert.match(server.received, /\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\.example\r\n/);
});

test("forwarded_header begins a chain at the client and goes on with a trusted one", async (t) => {
  const { server, client } = await openScene(t, {
    answer: ok(),
    frontend: { ...TRUSTING, forwarded_header: true },
  });
  const c = await client();
  c.send(get("/", "Forwarded: for=192.0.2.7"));
  await c.until("200 OK");
  assert.match(
    server.received,
    /\r\nForwarded: for=192\.0\.2\.7, for=127\.0\.0\.1;host=a\.example;proto=http\r\n/,
  );
  const other = await client();
  other.send(get("/two"));
  await other.until("200 OK");
  assert.match(server.received, /\r\nForwarded: for=127\.0\.0\.1;host=a\.example;proto=http\r\n/);
});

test("forward() keeps the trailers of an answer, whatever their names", async (t) => {
  const trailers = "x_sum: 1\r\nX-Request-Id: srv\r\n";
  const { client } = await openScene(t, {
    answer: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${trailers}\r\n`,
  });
  const c = await client();
  c.send(request("GET", "/"));
  await c.until(`0\r\n${trailers}\r\n`);
});
