import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Backend } from "../../../src/backend/backend.ts";
import { toProxyError } from "../../../src/base/errors.ts";
import { SILENT_LOG } from "../../../src/base/log.ts";
import { validateConfig } from "../../../src/config/load.ts";
import { Fields } from "../../../src/http/fields.ts";
import { NO_BODY } from "../../../src/http/framing.ts";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { createSnapshot } from "../../../src/lifecycle/snapshot.ts";
import type { AnswerTaker } from "../../../src/message/answer-taker.ts";
import { Exchange } from "../../../src/message/exchange.ts";
import { IncomingRequest } from "../../../src/message/incoming-request.ts";
import { forwardTo } from "../../../src/proxy/forward.ts";
import type { IdentityPolicy } from "../../../src/proxy/identity.ts";
import { UpstreamConnection } from "../../../src/upstream/connection.ts";
import { Clock, settle } from "../../support/clock.ts";
import { DrivenSocket } from "../../support/driven-socket.ts";

const TIMEOUTS = { response: 0, idle: 0, keepAlive: 10_000 };

/** A backend of servers that cannot be reached but by the idle connections that the test gives them. */
class ForwardScene implements AnswerTaker {
  readonly backend: Backend;
  readonly #policy: IdentityPolicy;
  /** What the taker was told. */
  readonly heard: (number | string)[] = [];

  constructor(t: TestContext, servers: number) {
    const urls = Array.from({ length: servers }, (_, i) => `http://127.0.0.1:${i + 1}`);
    const snapshot = createSnapshot(
      validateConfig({
        frontends: [{ bind: "127.0.0.1:0", default_backend: "app" }],
        backends: { app: { servers: urls, balance: "first", retries: { attempts: 2, statuses: ["503"] } } },
      }),
      {
        metrics: () => new Response(),
        ready: () => new Response(),
        health: () => new Response(),
        log: SILENT_LOG,
      },
    );
    this.backend = snapshot.backends.get("app")!;
    this.#policy = snapshot.frontends[0]!.identity;
    t.after(() => this.backend.close());
  }

  onAnswer(_: Exchange, response: Response): void {
    this.heard.push(response.status);
  }

  onFailed(_: Exchange, error: unknown): void {
    this.heard.push(toProxyError(error).kind);
  }

  /** An unused connection to server `i`. */
  connect(i: number): DrivenSocket {
    const { pool } = this.backend.servers[i]!;
    const driven = new DrivenSocket();
    const owner = { onIdle() {}, onLeft() {}, onGone() {} };
    pool.onIdle(new UpstreamConnection(driven.socket, TIMEOUTS, DEFAULT_LIMITS, owner));
    return driven;
  }

  /** Requests under way on each server. */
  get inFlight(): number[] {
    return this.backend.servers.map(({ inFlight }) => inFlight);
  }

  /** Forwards a GET. */
  get(): Exchange {
    const authority = "a.example";
    const fields = new Fields();
    const described = {
      method: "GET",
      target: "/",
      authority,
      minorVersion: 1,
      startedAt: performance.now(),
      fields,
    } as const;
    const exchange = new Exchange({ address: "192.0.2.1", port: 1, secure: false }, described, {
      inform() {},
    });
    const target = { form: "origin", path: "/", authority: undefined, scheme: undefined } as const;
    const head = { method: "GET", target, minorVersion: 1, fields, framing: NO_BODY, authority } as const;
    forwardTo(this, new IncomingRequest(head, exchange, null), {
      backend: this.backend,
      policy: this.#policy,
    });
    return exchange;
  }
}

test("forwardTo() sends on an idle connection, and tells the answer, without a wait", (t) => {
  const scene = new ForwardScene(t, 1);
  const server = scene.connect(0);
  scene.get();
  assert.match(server.sent, /^GET \/ HTTP\/1\.1\r\n/);
  assert.deepEqual(scene.inFlight, [1]);
  server.receive("HTTP/1.1 204 No Content\r\n\r\n");
  assert.deepEqual([scene.heard, scene.inFlight], [[204], [0]]);
});

test("forwardTo() asks another server in place of a failing one without a wait, and tells one answer", (t) => {
  const scene = new ForwardScene(t, 3);
  const [first, second] = [scene.connect(0), scene.connect(1)];
  const exchange = scene.get();
  first.receive("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  assert.deepEqual([scene.heard, scene.inFlight], [[], [0, 1, 0]]);
  second.receive("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  assert.deepEqual([scene.heard, scene.inFlight, exchange.attempts], [[503], [0, 0, 0], 2]);
});

test("forwardTo() tells one failure of a request that was given up, and asks nobody else", (t) => {
  const scene = new ForwardScene(t, 2);
  const [first, second] = [scene.connect(0), scene.connect(1)];
  const exchange = scene.get();
  exchange.abort("client_closed", "gone");
  assert.deepEqual([scene.heard, scene.inFlight], [["client_closed"], [0, 0]]);
  assert.deepEqual([first.destroyed, second.sent], [true, ""]);
});

test("forwardTo() tells one failure where every attempt fails", (t) => {
  const scene = new ForwardScene(t, 2);
  const [first, second] = [scene.connect(0), scene.connect(1)];
  scene.get();
  first.receiveEnd();
  assert.deepEqual(scene.heard, []);
  second.receiveEnd();
  assert.deepEqual([scene.heard, scene.inFlight], [["upstream_reset"], [0, 0]]);
});

const copies: [what: string, answer: string, gone: boolean][] = [
  ["is let go when its answer is here", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false],
  ["is broken off where its answer is long", "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nok", true],
  ["is broken off after five seconds without an answer", "", true],
  [
    "is broken off after five seconds with a part of one",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
    true,
  ],
];
for (const [what, answer, gone] of copies) {
  test(`a copy of what a suspect has failed ${what}`, async (t) => {
    const clock = new Clock(t);
    const scene = new ForwardScene(t, 2);
    const witness = scene.connect(1);
    for (let i = 0; i < 4; i++) {
      const suspect = scene.connect(0);
      scene.get();
      suspect.receive("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
    }
    await settle();
    assert.deepEqual([scene.heard, scene.inFlight], [[500, 500, 500, 500], [0, 1]]);
    assert.match(witness.sent, /^GET \/ HTTP\/1\.1\r\n/);
    if (answer !== "") witness.receive(answer);
    await clock.advance(4900);
    if (what.includes("five")) assert.deepEqual([scene.inFlight, witness.destroyed], [[0, 1], false]);
    await clock.advance(200);
    assert.deepEqual([scene.inFlight, witness.destroyed], [[0, 0], gone]);
  });
}
