import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { OpenTunnel, TunnelledBytes, UpstreamTunnel } from "../../../src/message/tunnel.ts";
import { settle } from "../../support/clock.ts";
import { ClientScene, get, post, statuses } from "./client-scene.ts";

/** A server's side of a tunnel, of which the test says when it is over. */
class DrivenTunnel implements UpstreamTunnel, OpenTunnel {
  readonly kind = "other";
  readonly bytes = { fromClient: 0, toClient: 0 };
  readonly goodbyes: number[] = [];
  dropped = 0;
  early = "";
  #socket: Socket | undefined;
  #onDone: ((bytes: TunnelledBytes) => void) | undefined;

  join(socket: Socket, early: Buffer, onDone: (bytes: TunnelledBytes) => void): OpenTunnel {
    this.#socket = socket;
    this.early = early.toString("latin1");
    this.#onDone = onDone;
    return this;
  }

  drop(): void {
    this.dropped++;
  }

  goAway(ms: number): boolean {
    this.goodbyes.push(ms);
    return true;
  }

  cut(): void {}

  /** It is over. */
  end(bytes: TunnelledBytes): void {
    this.#onDone!(bytes);
    this.#socket!.destroy();
  }
}

test("an exchange that opens a tunnel hands the socket over, and is over with the tunnel", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get("/", "Connection: upgrade", "Upgrade: test") + "early");
  const tunnel = new DrivenTunnel();
  await scene.asked[0]!.open(tunnel);
  assert.equal(
    client.sent,
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n",
  );
  assert.deepEqual([tunnel.early, scene.ended, scene.clients.size], ["early", [], 1]);
  client.receive(get("/in-the-tunnel"));
  await scene.clock.advance(100_000);
  assert.deepEqual([scene.asked.length, client.destroyed, scene.clock.timers], [1, false, 0]);
  assert.equal(scene.tunnels, 1);
  tunnel.end({ fromClient: 7, toClient: 9 });
  await settle();
  assert.equal(scene.tunnels, 0);
  assert.deepEqual([scene.ended, scene.exchanges[0]!.bytesIn, scene.clients.size], [["ok 101 9"], 7, 0]);
});

test("an answer that opens a tunnel for a client that is gone lets the tunnel go", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  client.break();
  const tunnel = new DrivenTunnel();
  await scene.asked[0]!.open(tunnel);
  assert.deepEqual([tunnel.dropped, scene.clients.size, scene.ended.length], [1, 0, 1]);
});

test("a drain says goodbye in tunnels in its last second, and cuts those that are left at its end", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  const tunnel = new DrivenTunnel();
  await scene.asked[0]!.open(tunnel);
  const drained = scene.drain(5000);
  await scene.clock.advance(3900);
  assert.deepEqual(tunnel.goodbyes, []);
  await scene.clock.advance(200);
  assert.deepEqual(tunnel.goodbyes, [1000]);
  await scene.clock.advance(800);
  assert.equal(client.destroyed, false);
  await scene.clock.advance(200);
  assert.deepEqual([client.destroyed, drained.cut], [true, 1]);
});

test("a drain that lasts less than two seconds says goodbye after half of them", async (t) => {
  const scene = new ClientScene(t);
  await scene.client(get());
  const tunnel = new DrivenTunnel();
  await scene.asked[0]!.open(tunnel);
  const drained = scene.drain(1000);
  await scene.clock.advance(450);
  assert.deepEqual(tunnel.goodbyes, []);
  await scene.clock.advance(100);
  assert.deepEqual(tunnel.goodbyes, [500]);
  tunnel.end({ fromClient: 0, toClient: 0 });
  await settle();
  assert.equal(drained.cut, 0);
});

test("a drain without connections is over at once", async (t) => {
  const scene = new ClientScene(t);
  const drained = scene.drain(5000);
  await settle();
  assert.equal(drained.cut, 0);
});

test("a drain closes unused connections after the grace, and answers what comes within it as a last", async (t) => {
  const scene = new ClientScene(t);
  const fresh = scene.connect();
  const used = await scene.client(get("/1"));
  await scene.asked[0]!.answer("one");
  const rested = await scene.client(get("/2"));
  await scene.asked[1]!.answer("two");
  await scene.clock.advance(1500);
  const late = await scene.client(get("/3"));
  await scene.asked[2]!.answer("three");
  const drained = scene.drain(5000);
  await scene.clock.advance(90);
  assert.deepEqual([fresh, used, rested, late].map(({ destroyed }) => destroyed), [
    false,
    false,
    false,
    false,
  ]);
  for (const client of [rested, late]) {
    client.takeSent();
    client.receive(get("/last"));
  }
  await scene.clock.advance(20);
  assert.deepEqual([fresh, used, rested, late].map(({ destroyed }) => destroyed), [true, true, false, false]);
  for (const asked of scene.asked.slice(3)) await asked.answer("last");
  for (const client of [rested, late]) {
    assert.match(client.sent, /^HTTP\/1\.1 200 [^]*Connection: close\r\n[^]*last$/);
    client.receiveEnd();
  }
  await settle();
  assert.equal(drained.cut, 0);
});

test("a drain takes what is accepted within the grace, closes it behind its answer, and nothing later", async (t) => {
  const scene = new ClientScene(t);
  const open = await scene.client(get());
  const drained = scene.drain(5000);
  const early = await scene.client(get());
  await scene.asked[1]!.answer("last");
  assert.match(early.sent, /Connection: close/);
  await scene.clock.advance(150);
  const late = await scene.client(get());
  assert.deepEqual([late.destroyed, late.sent, scene.asked.length], [true, "", 2]);
  await scene.asked[0]!.answer("last");
  for (const client of [open, early]) client.receiveEnd();
  await settle();
  assert.equal(drained.cut, 0);
});

test("a drain waits for what is under way: a head, a body, an answer", async (t) => {
  const scene = new ClientScene(t);
  const head = await scene.client("GET / HTTP/1.1\r\nHost: a");
  const upload = await scene.client(post(4) + "ab");
  const taken = scene.asked[0]!.take();
  const reading = await scene.client(get());
  const body = await scene.asked[1]!.begin(8);
  body.write("half");
  const drained = scene.drain(60_000);
  await scene.clock.advance(3000);
  head.receive("\r\n\r\n");
  upload.receive("cd");
  await settle();
  assert.equal(taken.text, "abcd");
  await scene.asked[0]!.answer("got it");
  await scene.asked[2]!.answer("last");
  body.write("full");
  body.sink!.end(undefined);
  await settle();
  for (const client of [head, upload, reading]) {
    assert.deepEqual([statuses(client.sent), client.finished], [[200], true]);
    client.receiveEnd();
  }
  await settle();
  assert.deepEqual([drained.cut, scene.clients.size], [0, 0]);
});

test("a drain answers 503 shortly before its end what has no answer, and cuts what has the half of one", async (t) => {
  const scene = new ClientScene(t);
  const waits = await scene.client(get());
  const reads = await scene.client(get());
  const body = await scene.asked[1]!.begin(8);
  body.write("half");
  const head = await scene.client("GET / HT");
  const heard: string[] = [];
  scene.asked[0]!.exchange.underWay = { abort: (error) => heard.push(error.kind) };
  const drained = scene.drain(5000);
  await scene.clock.advance(4700);
  assert.deepEqual([waits.sent, reads.destroyed], ["", false]);
  await scene.clock.advance(150);
  assert.match(waits.sent, /^HTTP\/1\.1 503 [^]*Connection: close\r\n[^]*shutdown$/);
  assert.deepEqual([heard, reads.destroyed, head.destroyed], [["shutdown"], false, false]);
  await scene.asked[0]!.answer("too late");
  assert.deepEqual(statuses(waits.sent), [503]);
  await scene.clock.advance(200);
  assert.deepEqual([waits, reads, head].map(({ destroyed }) => destroyed), [true, true, true]);
  assert.equal(body.cancelled?.kind, "shutdown");
  assert.deepEqual(scene.ended, ["shutdown 503 8", "shutdown 200 4"]);
  assert.deepEqual([drained.cut, scene.clients.size], [3, 0]);
});

test("a drain counts nobody who lingers behind a whole answer as cut", async (t) => {
  const scene = new ClientScene(t, { timeouts: { linger: 60_000, lingerLimit: 60_000 } });
  const client = await scene.client(get("/", "Connection: close"));
  await scene.asked[0]!.answer("last");
  const drained = scene.drain(1000);
  await scene.clock.advance(1100);
  assert.deepEqual([client.destroyed, client.wasReset, drained.cut], [true, false, 0]);
});

test("a drain resets a client that has not taken its answer, as it must not take the half for all", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get("/", "Connection: close"));
  client.stall();
  await scene.asked[0]!.answer("x".repeat(1000));
  const drained = scene.drain(1000);
  await scene.clock.advance(1100);
  assert.deepEqual([client.wasReset, drained.cut, scene.clock.timers], [true, 0, 0]);
});

test("drainEntrance() closes the connections of one entrance: each behind its exchange, unused ones after the grace", async (t) => {
  const scene = new ClientScene(t);
  const idle = scene.connect();
  const busy = await scene.client(get());
  const other = await scene.client("GET / HT");
  const entrance = scene.entrance;
  scene.entrance = { ...entrance };
  const stays = scene.connect();
  scene.clients.drainEntrance(entrance);
  await scene.clock.advance(90);
  assert.equal(idle.destroyed, false);
  await scene.clock.advance(20);
  assert.deepEqual([idle.destroyed, busy.destroyed, stays.destroyed], [true, false, false]);
  other.receive("TP/1.1\r\nHost: a\r\n\r\n");
  await settle();
  await scene.asked[0]!.answer("last");
  await scene.asked[1]!.answer("last");
  for (const client of [busy, other]) assert.match(client.sent, /Connection: close/);
  await scene.clock.advance(2100);
  assert.deepEqual([busy.destroyed, other.destroyed, scene.clients.size], [true, true, 1]);
});

test("a client too many is told so in a whole answer, and gone a second later", async (t) => {
  const scene = new ClientScene(t, { maxConnections: 1 });
  const first = scene.connect();
  const second = await scene.client(get());
  assert.equal(
    second.sent,
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 42\r\n" +
      "Retry-After: 1\r\nConnection: close\r\n\r\n503 Service Unavailable: connection_limit\n",
  );
  assert.deepEqual([scene.refusals, scene.clients.size, second.finished], [["connection_limit"], 1, true]);
  await scene.clock.advance(900);
  assert.equal(second.destroyed, false);
  await scene.clock.advance(200);
  assert.equal(second.destroyed, true);
  first.break();
  const third = await scene.client(get());
  assert.deepEqual([scene.asked.length, third.sent], [1, ""]);
});

test("a client that has all the connections it may have is told so, and all others get in", async (t) => {
  const scene = new ClientScene(t, { maxConnectionsPerClient: 2 });
  const [v4, v6] = ["198.51.100.1", "2001:db8:1:2::1"];
  const first = scene.connect(v4);
  for (const address of [`::ffff:${v4}`, v6, "2001:db8:1:2:ffff::9", "2001:db8:1:3::1", ""]) {
    scene.connect(address);
  }
  const tooMany = [scene.connect(v4), scene.connect("2001:db8:1:2::2")];
  await settle();
  for (const { sent } of tooMany) {
    assert.match(sent, /^HTTP\/1\.1 429 [^]*\nConnection: close\r\n\r\n429 .*: client_connection_limit\n$/);
  }
  assert.deepEqual([scene.clients.size, scene.refusals], [6, Array(2).fill("client_connection_limit")]);
  for (const address of ["198.51.100.2", "", "", ""]) scene.connect(address);
  assert.equal(scene.clients.size, 10);
  first.break();
  await settle();
  scene.connect(v4);
  assert.deepEqual([scene.clients.size, scene.refusals.length], [10, 2]);
});

test("a bound for each client that comes later counts what is open, and one that goes holds nobody up", async (t) => {
  const scene = new ClientScene(t);
  const open = [scene.connect("198.51.100.1"), scene.connect("198.51.100.1")];
  scene.clients.limitConnections({ maxConnections: 0, maxConnectionsPerClient: 2 });
  scene.connect("198.51.100.1");
  assert.deepEqual(scene.refusals, ["client_connection_limit"]);
  for (const client of open) client.break();
  await settle();
  for (let i = 0; i < 3; i++) scene.connect("198.51.100.1");
  assert.deepEqual([scene.clients.size, scene.refusals.length], [2, 2]);
  scene.clients.limitConnections({ maxConnections: 0 });
  for (let i = 0; i < 3; i++) scene.connect("198.51.100.1");
  assert.deepEqual([scene.clients.size, scene.refusals.length], [5, 2]);
});

test("a drain closes clients that are being turned away", async (t) => {
  const scene = new ClientScene(t, { maxConnections: 1 });
  scene.connect().stall();
  const second = scene.connect();
  const drained = scene.drain(1000);
  assert.equal(second.destroyed, true);
  await scene.clock.advance(1100);
  assert.equal(drained.cut, 0);
});
