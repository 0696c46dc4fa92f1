// How large a body of a request or an answer may be, where a frontend or a route says so.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { explainRequest } from "../../src/explain/explain.ts";
import { bodyOf, get, ok, openScene, request } from "./scene.ts";

const CLOSE = "Connection: close";

/** A POST of `size` bytes to `path`, with its length or in chunks. */
function upload(path: string, size: number, chunked: boolean): string {
  const body = "x".repeat(size);
  return chunked
    ? request("POST", path, ["Transfer-Encoding: chunked", CLOSE]) +
      `${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    : request("POST", path, [`Content-Length: ${size}`, CLOSE]) + body;
}

/** Global limit 20 bytes; the routes have less, more, none of their own, or switch their frontend's off. */
const ROUTES = [
  { path_prefix: "/less", backend: "app", request_body_limit: "10B" },
  { path_prefix: "/more", backend: "app", request_body_limit: "40B" },
  { path_prefix: "/usual", backend: "app" },
];
const GLOBAL = { config: { limits: { body_size: "20B" } } };

const REQUESTS: [path: string, size: number, status: string][] = [
  ["/less", 10, "200"],
  ["/less", 11, "413"],
  ["/more", 40, "200"],
  ["/more", 41, "413"],
  ["/usual", 20, "200"],
  ["/usual", 21, "413"],
  ["/nowhere", 21, "413"],
];
for (const [path, size, status] of REQUESTS) {
  for (const chunked of [false, true]) {
    test(`a body of ${size} bytes to ${path}${chunked ? " in chunks" : ""} gets ${status}`, async (t) => {
      const { client, proxy } = await openScene(t, {
        answer: (head) => head.startsWith("POST") ? ok() : undefined,
        frontend: { routes: ROUTES },
        ...GLOBAL,
      });
      const c = await client();
      c.send(upload(path, size, chunked));
      assert.equal((await c.untilClosed()).split(" ")[1], status);
      const { reason } = await proxy.access(0);
      assert.equal(reason, status === "413" ? "body_too_large" : "ok");
    });
  }
}

test("a route that switches its frontend's limit off goes by body_size", async (t) => {
  const { client } = await openScene(t, {
    answer: ok(),
    frontend: {
      request_body_limit: "40B",
      routes: [{ backend: "app", path_prefix: "/off", request_body_limit: false }],
    },
    ...GLOBAL,
  });
  for (const [path, size, status] of [["/off", 21, "413"], ["/off", 20, "200"], ["/", 40, "200"]] as const) {
    const c = await client();
    c.send(upload(path, size, false));
    assert.equal((await c.untilClosed()).split(" ")[1], status);
  }
});

test("a request that says that its body is too large reaches no server, and explain knows it", async (t) => {
  const { client, server, proxy } = await openScene(t, {
    answer: ok(),
    frontend: { routes: ROUTES },
    ...GLOBAL,
  });
  const c = await client();
  c.send(request("POST", "/less", ["Content-Length: 11", "Expect: 100-continue"]));
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 413 /);
  assert.equal(server.connections.length, 0);
  const told = explainRequest(proxy.running.snapshot, {
    method: "POST",
    url: "http://a.example/less",
    headers: [["Content-Length", "11"]],
  }, { frontend: "web" });
  assert.equal(told.refused?.reason, "body_too_large");
});

test("a body that becomes too large is not held against the server", async (t) => {
  const { client, proxy } = await openScene(t, { frontend: { request_body_limit: "10B" } });
  const c = await client();
  c.send(request("POST", "/", ["Transfer-Encoding: chunked"]) + "a\r\n0123456789\r\n");
  c.send("1\r\nx\r\n0\r\n\r\n");
  assert.match(await c.untilClosed(), /^HTTP\/1\.1 413 [^]*body_too_large/);
  assert.equal((await proxy.access(0))["reason"], "body_too_large");
  const [server] = proxy.running.snapshot.backends.get("app")!.servers;
  assert.equal(server!.record.errors, 0);
});

async function answered(t: TestContext, answer: string, line = get("/", CLOSE)) {
  const { client, proxy } = await openScene(t, { answer, frontend: { response_body_limit: "10B" } });
  const c = await client();
  c.send(line);
  const received = await c.untilClosed();
  const { reason } = await proxy.access(0);
  const [server] = proxy.running.snapshot.backends.get("app")!.servers;
  return { received, reason, error: c.error, errors: server!.record.errors };
}

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n";

test("response_body_limit answers 502 where the answer says that it is larger; the server is not blamed", async (t) => {
  const { received, reason, errors } = await answered(t, ok("0123456789x"));
  assert.match(received, /^HTTP\/1\.1 502 [^]*answer_body_too_large/);
  assert.equal(reason, "answer_body_too_large");
  assert.equal(errors, 0);
});

test("response_body_limit answers 502 in place of a status that is none as well", async (t) => {
  const { received } = await answered(t, ok("0123456789x").replace("200 OK", "700 Odd"));
  assert.match(received, /^HTTP\/1\.1 502 Bad Gateway\r\n/);
});

test("response_body_limit lets an answer of that size through", async (t) => {
  assert.equal(bodyOf((await answered(t, ok("0123456789"))).received), "0123456789");
});

test("response_body_limit cuts an answer that becomes larger, without the chunk that would end it", async (t) => {
  const { received, reason, errors } = await answered(t, `${CHUNKED}1\r\nx\r\n0\r\n\r\n`);
  assert.doesNotMatch(received, /\r\n0\r\n\r\n$/);
  assert.doesNotMatch(received, /x/);
  assert.equal(reason, "answer_body_too_large");
  assert.equal(errors, 0);
});

test("response_body_limit lets chunks of that size through", async (t) => {
  const { received, reason } = await answered(t, `${CHUNKED}0\r\n\r\n`);
  assert.match(received, /\r\n\r\na\r\n0123456789\r\n0\r\n\r\n$/);
  assert.equal(reason, "ok");
});

test("response_body_limit cuts an answer that ends with its connection by a reset", async (t) => {
  const { reason, error } = await answered(
    t,
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789x",
    "GET / HTTP/1.0\r\nHost: a.example\r\n\r\n",
  );
  assert.equal(reason, "answer_body_too_large");
  assert.equal(error, "ECONNRESET");
});

test("response_body_limit says nothing of the length in an answer to HEAD", async (t) => {
  const head = request("HEAD", "/", [CLOSE]);
  const { received } = await answered(t, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", head);
  assert.match(received, /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 1000/);
});
