// What a line of the access log holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogFields } from "../../src/base/log.ts";
import { roundTrip } from "../support/raw-client.ts";
import { asked, get, ok, openScene, post } from "./scene.ts";
import { openFailingScene } from "./failing-scene.ts";

const CLOSE = "Connection: close";

/** `line` without what is undefined and what is another each time, which is checked here. */
function steady(line: LogFields): Record<string, unknown> {
  const { elapsed_ms: elapsed, request_id: id, detail: _, ...rest } = line;
  assert.ok(typeof elapsed === "number" && elapsed >= 0 && elapsed < 5000);
  assert.match(String(id), /^[\w.-]+$/);
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
}

test("the access log tells all about a request", async (t) => {
  const { proxy, server } = await openScene(t, { answer: ok("answer") });
  await roundTrip(proxy.port, post("12345", "User-Agent: curl/8", "X-Request-Id: id-1", CLOSE));
  const line = await proxy.access(0);
  assert.deepEqual(steady(line), {
    frontend: "web",
    client: "127.0.0.1",
    method: "POST",
    host: "a.example",
    target: "/",
    protocol: "HTTP/1.1",
    status: 200,
    reason: "ok",
    backend: "app",
    server: `http://127.0.0.1:${server.port}`,
    attempts: 1,
    bytes_in: 5,
    bytes_out: 6,
    user_agent: "curl/8",
  });
  assert.deepEqual([line["request_id"], line["detail"]], ["id-1", undefined]);
});

const FAILURES: [what: string, request: string, line: Record<string, unknown>][] = [
  ["a path that leads nowhere", get("/nowhere?x", CLOSE), {
    method: "GET",
    host: "a.example",
    target: "/nowhere?x",
    status: 404,
    reason: "no_route",
    attempts: 0,
  }],
  ["a backend without a server", get("/no_server", CLOSE), {
    method: "GET",
    host: "a.example",
    target: "/no_server",
    status: 503,
    reason: "no_server",
    backend: "no_server",
    attempts: 0,
  }],
  ["bytes that are no request", "hello\r\n\r\n", {
    method: "-",
    host: "-",
    target: "-",
    status: 400,
    reason: "bad_request",
    attempts: 0,
  }],
];
for (const [what, request, expected] of FAILURES) {
  test(`the access log tells about ${what}`, async (t) => {
    const { ask, proxy } = await openFailingScene(t);
    const { body } = await ask(request);
    const line = await proxy.access(0);
    assert.deepEqual(steady(line), {
      frontend: "web",
      client: "127.0.0.1",
      protocol: "HTTP/1.1",
      bytes_in: 0,
      bytes_out: body.length,
      ...expected,
    });
    assert.ok(typeof line["detail"] === "string" && line["detail"].length > 5);
  });
}

test("the access log names the server that failed, and why", async (t) => {
  const { ask, proxy } = await openFailingScene(t);
  await ask(get("/connect_refused", CLOSE));
  const { status, reason, backend, server, attempts, detail } = await proxy.access(0);
  assert.deepEqual([status, reason, backend, attempts], [502, "connect_refused", "connect_refused", 1]);
  assert.match(String(server), /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.match(String(detail), /\S/);
});

test("the access log has 499 for a client that left before an answer", async (t) => {
  const { proxy, server, client } = await openScene(t);
  const leaving = await client();
  leaving.send(get());
  await asked(server);
  leaving.reset();
  const { status, reason, bytes_out: sent } = await proxy.access(0);
  assert.deepEqual([status, reason, sent], [499, "client_closed", 0]);
});

const PEERS: [line: string, client: string, peer: string | undefined][] = [
  ["X-A: 1", "127.0.0.1", undefined],
  ["X-Forwarded-For: 192.0.2.7", "192.0.2.7", "127.0.0.1"],
  ["X-Forwarded-For: 127.0.0.1", "127.0.0.1", undefined],
  ["X-Forwarded-For: unknown", "127.0.0.1", undefined],
];
for (const [line, client, peer] of PEERS) {
  test(`the access log names ${peer === undefined ? "no peer" : "the peer"} beside the client with ${line}`, async (t) => {
    const frontend = { trusted_proxies: ["127.0.0.1"] };
    const { proxy } = await openScene(t, { answer: ok(), frontend });
    await roundTrip(proxy.port, get("/", line, CLOSE));
    const fields = await proxy.access(0);
    assert.deepEqual([fields["client"], fields["peer"]], [client, peer]);
  });
}

test("the access log is empty where it is off", async (t) => {
  const { proxy } = await openScene(t, { answer: ok(), config: { log: { access: false } } });
  await roundTrip(proxy.port, get("/", CLOSE));
  await proxy.stop();
  assert.deepEqual(proxy.accesses, []);
});
