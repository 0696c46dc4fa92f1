import assert from "node:assert/strict";
import { test } from "node:test";
import { SILENT_LOG } from "../../src/base/log.ts";
import { createProxy } from "../../src/mod.ts";
import { RawServer } from "../support/raw-server.ts";
import { eventually } from "../support/eventually.ts";
import { get, openScene } from "./scene.ts";

test("DownstreamConnection names in log and answer what it could read of a refused request", async (t) => {
  const { client, proxy } = await openScene(t);
  const c = await client();
  c.send(
    "POST /x?y HTTP/1.1\r\nHost: a.example\r\nAccept: application/json\r\nX-Request-Id: mine-1\r\n" +
      "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
  );
  assert.match(
    await c.untilClosed(),
    /^HTTP\/1\.1 400 [^]*"reason":"bad_request","request_id":"mine-1"\}\n$/,
  );
  const { method, target, host, request_id, reason } = await proxy.access(0);
  assert.deepEqual([method, target, host, request_id, reason], [
    "POST",
    "/x?y",
    "a.example",
    "mine-1",
    "bad_request",
  ]);
});

test("DownstreamConnection believes no Host of a refused request that is none", async (t) => {
  const { client, proxy } = await openScene(t);
  const c = await client();
  c.send(get("/x").replace("Host: a.example", "Host: a, b"));
  await c.untilClosed();
  const { method, target, host } = await proxy.access(0);
  assert.deepEqual([method, target, host], ["GET", "/x", "-"]);
});

test("Server counts a failure that comes behind the head of an answer", async (t) => {
  const { client, proxy } = await openScene(t, {
    answer: (_head, connection) => {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
      connection.close();
      return undefined;
    },
  });
  const c = await client();
  c.send(get());
  await c.untilClosed().catch(() => {}); // reset
  const [server] = proxy.running.snapshot.backends.get("app")!.servers;
  await eventually("the failure to be counted", () => server!.failures.get("upstream_reset") === 1);
});

test("createProxy().fetch() calls a request by one id in its answer", async (t) => {
  const gone = await RawServer.listen();
  await gone.close();
  const proxy = createProxy({
    frontends: [{ bind: "127.0.0.1:0", default_backend: "app" }],
    backends: { app: { servers: [`http://127.0.0.1:${gone.port}`] } },
  }, { log: SILENT_LOG });
  t.after(() => proxy.stop());
  const headers = { "x-request-id": "mine", accept: "application/json" };
  const answer = await proxy.fetch(new Request("http://a/", { headers }));
  assert.deepEqual(await answer.json(), {
    status: 502,
    error: "Bad Gateway",
    reason: "connect_refused",
    request_id: "mine",
  });
});

test("identify() takes time for Via that grows with its size, not with its square", async (t) => {
  const { client } = await openScene(t, { answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" });
  const c = await client();
  const started = performance.now();
  for (let i = 1; i <= 5; i++) {
    c.send(get("/", ...Array<string>(95).fill(`Via: ${",".repeat(320)}`)));
    await eventually("the answer", () => c.received.split("200 OK").length > i);
  }
  assert.ok(performance.now() - started < 250, "5 requests took as long as 2 did");
});
