import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Lease } from "../../../src/backend/lease.ts";
import type { OutcomeListener, Server } from "../../../src/backend/server.ts";
import { ProxyError } from "../../../src/base/errors.ts";
import { Fields } from "../../../src/http/fields.ts";
import { Scene } from "./availability-scene.ts";

const CLIENT = "10.0.0.1";
const RESET = new ProxyError("upstream_reset", "broken");
const REFUSED = new ProxyError("connect_refused", "refused");
const CLIENT_GONE = new ProxyError("client_closed", "gone");
const BLAMELESS = new ProxyError("upstream_reset", "broken", { blames: false });

/** A server and what is heard of it. */
class LeasedServer {
  readonly server: Server;
  readonly heard: string[] = [];

  constructor(t: TestContext) {
    this.server = new Scene(t, 1).servers[0]!;
    const { outcomes } = this.server;
    const heard: OutcomeListener = {
      onPassed: (_, client) => this.heard.push(`passed ${client}`),
      onFailed: (_, reason, client) => this.heard.push(`failed ${reason} ${client}`),
      onProven: () => this.heard.push("proven"),
      onRoom: () => this.heard.push("room"),
    };
    for (const name of ["onPassed", "onFailed", "onProven", "onRoom"] as const) {
      t.mock.method(outcomes, name, heard[name]);
    }
  }

  get counts(): [inFlight: number, unprobed: number] {
    return [this.server.inFlight, this.server.record.unprobed];
  }

  lease(): Lease {
    return new Lease(this.server, CLIENT);
  }
}

function see(lease: Lease, status: number, opensTunnel = false): void {
  lease.headSeen({ status, fields: new Fields() }, performance.now() - 5, opensTunnel);
}

const lives: [live: (lease: Lease) => void, heard: string | undefined, title: string][] = [
  [(lease) => (see(lease, 200), lease.done()), `passed ${CLIENT}`, "an answer that came whole"],
  [(lease) => (see(lease, 404), lease.done()), `passed ${CLIENT}`, "an answer below 500"],
  [(lease) => (see(lease, 500), lease.done()), `failed 500 ${CLIENT}`, "an answer of 500"],
  [(lease) => (see(lease, 101, true), lease.done()), `passed ${CLIENT}`, "a tunnel that ended"],
  [
    (lease) => (see(lease, 101, true), lease.failed(CLIENT_GONE)),
    `passed ${CLIENT}`,
    "a tunnel that was cut",
  ],
  [(lease) => lease.done(), undefined, "an answer that nobody wanted before its head was seen"],
  [(lease) => lease.failed(REFUSED), "failed connect_refused undefined", "a connection that was refused"],
  [(lease) => lease.failed(RESET), `failed upstream_reset ${CLIENT}`, "a request without an answer"],
  [
    (lease) => (see(lease, 200), lease.failed(RESET)),
    `failed upstream_reset ${CLIENT}`,
    "an answer that broke off",
  ],
  [(lease) => (see(lease, 200), lease.failed(CLIENT_GONE)), undefined, "an answer whose client left"],
  [(lease) => lease.failed(BLAMELESS), undefined, "a failure that is nobody's"],
];
for (const [live, heard, title] of lives) {
  test(`Lease judges its server by ${title}, once, and gives its place back`, (t) => {
    const leased = new LeasedServer(t);
    const lease = leased.lease();
    assert.deepEqual(leased.counts, [1, 1]);
    live(lease);
    assert.equal(lease.ended, true);
    const then = [...leased.heard];
    lease.done();
    lease.failed(RESET);
    lease.withdrawn();
    assert.deepEqual(leased.counts, [0, 1]); // it was sent, which max_requests counts until the next probe
    assert.deepEqual(leased.heard, then);
    assert.deepEqual(then, heard === undefined ? [] : [heard]);
  });
}

const unjudged: [live: (lease: Lease) => void, heard: string[], title: string][] = [
  [(lease) => (see(lease, 200), lease.done()), [], "an answer"],
  [(lease) => (see(lease, 500), lease.done()), [], "an answer of 500"],
  [(lease) => lease.failed(RESET), [], "a request without an answer"],
  [(lease) => lease.failed(REFUSED), ["failed connect_refused undefined"], "a connection that was refused"],
];
for (const [live, heard, title] of unjudged) {
  test(`Lease that does not judge makes ${heard.length === 0 ? "nothing" : "a failure"} of ${title}`, (t) => {
    const leased = new LeasedServer(t);
    live(new Lease(leased.server, CLIENT, false));
    assert.deepEqual([leased.heard, leased.counts], [heard, [0, 1]]);
  });
}

test("Lease.withdrawn() leaves its server as if it had not been picked", (t) => {
  const leased = new LeasedServer(t);
  const lease = leased.lease();
  lease.withdrawn();
  lease.withdrawn();
  lease.failed(RESET);
  assert.deepEqual(leased.counts, [0, 0]);
  assert.deepEqual([leased.heard, leased.server.failures.size], [[], 0]);
});

test("Lease.withdrawn() takes nothing from what was counted since a probe", (t) => {
  const leased = new LeasedServer(t);
  const lease = leased.lease();
  leased.server.observe({ code: "L7OK", ms: 1, at: 1 }, { rise: 1, fall: 1 });
  lease.withdrawn();
  assert.deepEqual(leased.counts, [0, 0]);
});

const ends: [title: string, end: (lease: Lease) => void][] = [
  ["done", (lease) => (see(lease, 200), lease.done())],
  ["failed", (lease) => lease.failed(CLIENT_GONE)],
  ["withdrawn", (lease) => lease.withdrawn()],
];
for (const [title, end] of ends) {
  test(`Lease.${title}() says that a server which was full has room, and of no other`, (t) => {
    const leased = new LeasedServer(t);
    Object.assign(leased.server, { config: { ...leased.server.config, maxConnections: 2 } });
    const [first, second, third] = [leased.lease(), leased.lease(), leased.lease()];
    const rooms = () => leased.heard.filter((word) => word === "room").length;
    end(first);
    assert.equal(rooms(), 0); // there was one too many
    end(second);
    assert.equal(rooms(), 1);
    end(third);
    assert.equal(rooms(), 1);
    assert.equal(leased.server.inFlight, 0);
  });
}

test("Lease.headSeen() measures the time since the request went out, unless the answer is a failure", (t) => {
  const leased = new LeasedServer(t);
  const failing = leased.lease();
  see(failing, 503);
  assert.equal(leased.server.latency.averageMs, undefined);
  const lease = leased.lease();
  see(lease, 200);
  assert.equal(leased.server.latency.averageMs, 5);
  assert.equal(lease.headAt, performance.now());
  assert.deepEqual(leased.server.record.answers, [0, 0, 1, 0, 0, 1]);
});
