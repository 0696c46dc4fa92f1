import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { toProxyError } from "../../../src/base/errors.ts";
import { SILENT_LOG } from "../../../src/base/log.ts";
import { validateConfig } from "../../../src/config/load.ts";
import { createSnapshot } from "../../../src/lifecycle/snapshot.ts";
import type { Inquiry } from "../../../src/message/inquiry.ts";
import { inquirer } from "../../../src/proxy/inquire.ts";
import { UpstreamConnection } from "../../../src/upstream/connection.ts";
import { Clock, settle } from "../../support/clock.ts";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { DrivenSocket } from "../../support/driven-socket.ts";

/** A backend of one server, of which the test has the other end. */
function openScene(t: TestContext) {
  const clock = new Clock(t);
  const snapshot = createSnapshot(
    validateConfig({
      frontends: [{ bind: "127.0.0.1:0", default_backend: "app" }],
      backends: { app: { servers: ["http://127.0.0.1:1"], retries: { attempts: 2 } } },
    }),
    {
      metrics: () => new Response(),
      ready: () => new Response(),
      health: () => new Response(),
      log: SILENT_LOG,
    },
  );
  const backend = snapshot.backends.get("app")!;
  t.after(() => backend.close());
  const [{ pool }] = backend.servers as [(typeof backend.servers)[number]];
  const server = new DrivenSocket();
  const owner = {
    onIdle: (connection: UpstreamConnection) => pool.onIdle(connection),
    onLeft() {},
    onGone() {},
  };
  pool.onIdle(
    new UpstreamConnection(server.socket, { response: 0, idle: 0, keepAlive: 10_000 }, DEFAULT_LIMITS, owner),
  );
  const inquire = inquirer(backend, snapshot.frontends[0]!.identity);
  const heard: (number | string)[] = [];
  return {
    clock,
    server,
    backend,
    heard,
    timersBefore: clock.timers,
    ask(inquiry: Partial<Inquiry> = {}) {
      inquire({ target: "/verify", lines: [["X-A", "1"]], timeoutMs: 500, maxBytes: 10, ...inquiry }).then(
        ({ status, body }) => heard.push(status, new TextDecoder().decode(body)),
        (error) => heard.push(toProxyError(error).kind),
      );
    },
  };
}

test("inquirer() sends what it is told, and what says that it came by here", async (t) => {
  const { ask, server, heard, backend } = openScene(t);
  ask();
  await settle();
  assert.match(
    server.sent,
    /^GET \/verify HTTP\/1\.1\r\nX-A: 1\r\nHost: 127\.0\.0\.1:1\r\nVia: 1\.1 sluice\r\n\r\n$/,
  );
  server.receive("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes");
  await settle();
  assert.deepEqual([heard, backend.inFlight], [[200, "yes"], 0]);
});

test("inquirer() waits as long as it is told, for the whole answer", async (t) => {
  for (const begun of ["", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ny"]) {
    const { ask, server, heard, backend, clock } = openScene(t);
    ask();
    await settle();
    if (begun !== "") server.receive(begun);
    await clock.advance(499, 499);
    assert.deepEqual([heard, backend.inFlight], [[], 1]);
    await clock.advance(1, 1);
    assert.deepEqual([heard, backend.inFlight], [["response_timeout"], 0]);
    assert.equal(server.socket.destroyed, true);
  }
});

test("inquirer() gives up with its signal, which is not held against the server", async (t) => {
  const { ask, server, heard, backend, clock, timersBefore } = openScene(t);
  const controller = new AbortController();
  ask({ signal: controller.signal });
  await settle();
  controller.abort();
  await settle();
  assert.deepEqual([heard, backend.inFlight], [["client_closed"], 0]);
  assert.equal(server.socket.destroyed, true);
  assert.equal(clock.timers, timersBefore);
  ask({ signal: AbortSignal.abort() });
  await settle();
  assert.deepEqual(heard, ["client_closed", "client_closed"]);
});

test("inquirer() reads no more than it is told to", async (t) => {
  for (const length of [10, 11]) {
    for (const chunked of [false, true]) {
      const { ask, server, heard, backend } = openScene(t);
      ask();
      await settle();
      const body = "x".repeat(length);
      server.receive(
        chunked
          ? `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${
            length.toString(16)
          }\r\n${body}\r\n0\r\n\r\n`
          : `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${body}`,
      );
      await settle();
      assert.deepEqual([heard, backend.inFlight], [length === 10 ? [200, body] : ["upstream_invalid"], 0]);
    }
  }
});
