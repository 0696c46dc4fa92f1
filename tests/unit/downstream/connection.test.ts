import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { settle } from "../../support/clock.ts";
import { ClientScene, get, post, statuses } from "./client-scene.ts";

test("a client that says nothing is let go without a word after request_headers", async (t) => {
  const scene = new ClientScene(t);
  const client = scene.connect();
  await scene.clock.advance(9900);
  assert.deepEqual([client.destroyed, scene.clients.size], [false, 1]);
  await scene.clock.advance(200);
  assert.deepEqual([client.destroyed, client.sent, scene.clients.size, scene.begun], [true, "", 0, 0]);
});

test("a first head that takes longer than request_headers is answered 408, whatever comes meanwhile", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client("GET / HTTP/1.1\r\n");
  for (let i = 0; i < 9; i++) {
    await scene.clock.advance(1000);
    client.receive(`X-${i}: 1\r\n`);
  }
  await scene.clock.advance(900);
  assert.equal(client.sent, "");
  await scene.clock.advance(200);
  assert.match(client.sent, /^HTTP\/1\.1 408 [^]*Connection: close\r\n/);
  assert.deepEqual(scene.ended, ["request_timeout 408 15"]);
  assert.ok(client.finished);
  await scene.clock.advance(2100);
  assert.deepEqual([client.destroyed, scene.clients.size], [true, 0]);
});

test("a later head has request_headers from its first byte, not from the answer before", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  await scene.asked[0]!.answer("one");
  await scene.clock.advance(800);
  client.takeSent();
  client.receive("GET / HT");
  await scene.clock.advance(6000);
  client.receive("TP/1.1\r\n");
  await scene.clock.advance(3900);
  assert.deepEqual([client.sent, client.destroyed], ["", false]);
  await scene.clock.advance(200);
  assert.deepEqual(statuses(client.sent), [408]);
});

test("requests of one connection are answered one after the other, and it is idle between them", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get("/one"));
  assert.deepEqual([scene.begun, scene.ended], [1, []]);
  await scene.asked[0]!.answer("one");
  assert.match(client.takeSent(), /^HTTP\/1\.1 200 [^]*Content-Length: 3\r\n[^]*\r\n\r\none$/);
  await scene.clock.advance(4800); // served from a state in which as little as possible is kept
  client.receive(get("/two"));
  await settle();
  await scene.asked[1]!.answer("second");
  assert.match(client.takeSent(), /\r\n\r\nsecond$/);
  assert.deepEqual(scene.ended, ["ok 200 3", "ok 200 6"]);
  await scene.clock.advance(4900);
  assert.equal(client.destroyed, false);
  await scene.clock.advance(200);
  assert.deepEqual([client.destroyed, client.sent, scene.clients.size], [true, "", 0]);
});

test("an idle connection is closed after a keep_alive that is shorter than the time to rest", async (t) => {
  const scene = new ClientScene(t, { timeouts: { keepAlive: 200 } });
  const client = await scene.client(get());
  await scene.asked[0]!.answer("one");
  await scene.clock.advance(150);
  assert.equal(client.destroyed, false);
  await scene.clock.advance(100);
  assert.deepEqual([client.destroyed, scene.clients.size], [true, 0]);
});

test("with keep_alive 0 each answer closes its connection", async (t) => {
  const scene = new ClientScene(t, { timeouts: { keepAlive: 0 } });
  const client = await scene.client(get());
  await scene.asked[0]!.answer("one");
  assert.match(client.sent, /Connection: close\r\n/);
  assert.ok(client.finished);
});

test("requests that come at once are asked for in their order, each behind the answer before", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get("/1") + get("/2") + get("/3"));
  for (let i = 0; i < 3; i++) {
    assert.equal(scene.asked.length, i + 1);
    assert.equal(scene.asked[i]!.request.target, `/${i + 1}`);
    await scene.asked[i]!.answer(`answer ${i + 1}`);
    await scene.clock.advance(5);
  }
  assert.deepEqual(statuses(client.sent), [200, 200, 200]);
  assert.match(client.sent, /answer 1HTTP[^]*answer 2HTTP[^]*answer 3$/);
});

test("a client that does not take its answers has no further request read until it does", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get("/1") + get("/2"));
  client.stall();
  await scene.asked[0]!.answer("x".repeat(200_000));
  await scene.clock.advance(5);
  assert.deepEqual([scene.asked.length, scene.ended], [1, ["ok 200 200000"]]);
  client.take();
  await scene.clock.advance(5);
  assert.equal(scene.asked[1]!.request.target, "/2");
  await scene.asked[1]!.answer("two");
  assert.deepEqual(statuses(client.sent), [200, 200]);
});

test("what is sent behind a request is read ahead up to a bound, then not before there is room", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get("/1"));
  client.receive(get("/2", `X: ${"y".repeat(20_000)}`));
  assert.equal(client.paused, false);
  for (let i = 0; i < 3; i++) client.receive(get("/3", `X: ${"y".repeat(20_000)}`));
  assert.equal(client.paused, true);
  for (let i = 0; i < 5; i++) {
    await scene.asked[i]!.answer("ok");
    await scene.clock.advance(5);
  }
  assert.deepEqual([client.paused, scene.asked.length, scene.ended.length], [false, 5, 5]);
});

test("a body is read as fast as it is taken, and no faster", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(post(6) + "ab");
  client.receive("cd");
  assert.equal(client.paused, true);
  let room = false;
  const body = scene.asked[0]!.take(() => room);
  await settle();
  assert.equal(body.text, "ab");
  client.receive("ef");
  await settle();
  assert.deepEqual([body.text.length < 6, body.ended], [true, false]);
  room = true;
  body.source.resume();
  await settle();
  assert.deepEqual([body.text, body.ended, client.paused], ["abcdef", true, false]);
  await scene.asked[0]!.answer("thanks");
  assert.equal(scene.exchanges[0]!.bytesIn, 6);
  client.receive(get());
  await settle();
  assert.equal(scene.asked.length, 2);
});

test("a body that brings nothing for body_idle is answered 408, one that moves goes on", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(post(100));
  const body = scene.asked[0]!.take();
  for (let i = 0; i < 3; i++) {
    await scene.clock.advance(15_000);
    client.receive("x");
  }
  assert.deepEqual([body.error, client.destroyed], [undefined, false]);
  await scene.clock.advance(19_900);
  assert.deepEqual([body.error, client.destroyed], [undefined, false]);
  await scene.clock.advance(200);
  assert.equal(body.error?.kind, "body_timeout");
  await scene.asked[0]!.reject(body.error!);
  assert.deepEqual([statuses(client.sent), scene.ended], [[408], ["body_timeout 408 12"]]);
  assert.ok(client.finished);
});

test("a body that nobody has room for is not held against its client", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(post(100) + "x");
  let room = false;
  const body = scene.asked[0]!.take(() => room);
  await scene.clock.advance(60_000);
  assert.deepEqual([body.error, client.destroyed], [undefined, false]);
  room = true;
  body.source.resume();
  await scene.clock.advance(19_000);
  assert.deepEqual([body.error, client.destroyed], [undefined, false]);
  await scene.clock.advance(1500);
  assert.equal(body.error?.kind, "body_timeout");
});

test("a body slower than body_rate is cut though it moves", async (t) => {
  const scene = new ClientScene(t, { timeouts: { bodyRate: 10 } });
  const client = await scene.client(post(10_000));
  const body = scene.asked[0]!.take();
  for (let i = 0; i < 9; i++) {
    await scene.clock.advance(1000);
    client.receive("x".repeat(20)); // 20 bytes/s
  }
  await scene.clock.advance(1000);
  client.receive("x");
  for (let i = 0; i < 10; i++) {
    await scene.clock.advance(1000);
    client.receive("x".repeat(20));
    assert.deepEqual([body.error, client.destroyed], [undefined, false]);
  }
  for (let i = 0; i < 10 && body.error === undefined; i++) {
    await scene.clock.advance(1000);
    client.receive("xxx"); // 3 bytes/s
  }
  assert.match(body.error!.message, /slower than body_rate/);
});

test("a client that asks first gets its 100 once, and has body_idle from then on", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(post(2, "Expect: 100-continue"));
  const body = scene.asked[0]!.take();
  await scene.clock.advance(60_000);
  assert.deepEqual([client.sent, body.error], ["", undefined]);
  scene.asked[0]!.exchange.inform(100, "", undefined);
  assert.equal(client.takeSent(), "HTTP/1.1 100 Continue\r\n\r\n");
  await scene.clock.advance(19_900);
  assert.deepEqual([body.error, client.destroyed], [undefined, false]);
  client.receive("ok");
  await settle();
  assert.deepEqual([body.text, body.ended], ["ok", true]);
  await scene.asked[0]!.answer("thanks");
  assert.deepEqual(statuses(client.sent), [200]);
});

test("interim answers go out before the answer, never behind its head or to HTTP/1.0", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  scene.asked[0]!.exchange.inform(103, "", undefined);
  const body = await scene.asked[0]!.begin(2);
  scene.asked[0]!.exchange.inform(103, "", undefined);
  body.write("ok");
  body.sink!.end(undefined);
  assert.deepEqual(statuses(client.sent), [103, 200]);
  const old = await scene.client("GET / HTTP/1.0\r\n\r\n");
  scene.asked[1]!.exchange.inform(103, "", undefined);
  await scene.asked[1]!.answer("");
  assert.deepEqual(statuses(old.sent), [200]);
});

test("a request that fails is answered once, and its connection goes on", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  await scene.asked[0]!.reject(new ProxyError("no_server", "none is up"));
  assert.match(client.takeSent(), /^HTTP\/1\.1 503 [^]*\r\n\r\nno_server$/);
  client.receive(get());
  await settle();
  await scene.asked[1]!.reject(new Error("a mistake of an app"));
  assert.deepEqual(statuses(client.sent), [500]);
  assert.deepEqual(scene.ended, ["no_server 503 9", "internal_error 500 14"]);
});

test("what cannot be read is answered 400, and nothing that comes behind it is read", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client("GET / HTTP/1.1\r\nno colon\r\n\r\n" + get());
  assert.deepEqual([statuses(client.sent), scene.asked.length, client.finished], [[400], 0, true]);
  assert.equal(scene.ended[0], "bad_request 400 11");
  client.receive(get());
  await scene.clock.advance(2100);
  assert.deepEqual([scene.asked.length, client.destroyed, scene.clients.size], [0, true, 0]);
});

test("a body that breaks the rules fails the request, which is answered, and the connection closes", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
  );
  const body = scene.asked[0]!.take();
  client.receive("no size\r\n");
  await settle();
  assert.deepEqual([body.text, body.error?.kind], ["ab", "bad_request"]);
  await scene.asked[0]!.reject(body.error!);
  assert.deepEqual([statuses(client.sent), client.finished], [[400], true]);
});

test("a body over body_size is answered 413 before any of it is read, or as soon as it is too long", async (t) => {
  const scene = new ClientScene(t, { bodySize: 4 });
  const long = await scene.client(post(5));
  assert.deepEqual([statuses(long.sent), scene.asked.length], [[413], 0]);
  const chunked = await scene.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const body = scene.asked[0]!.take();
  chunked.receive("3\r\nabc\r\n2\r\nde\r\n");
  await settle();
  assert.equal(body.error?.kind, "body_too_large");
});

test("an answer flows as its client takes it", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  const body = await scene.asked[0]!.begin(400_000);
  client.stall();
  assert.equal(body.write("x".repeat(200_000)), false);
  assert.equal(body.resumed, 0);
  client.take();
  assert.equal(body.resumed, 1);
  await scene.clock.advance(100_000); // it is the server's turn
  assert.equal(client.destroyed, false);
  assert.equal(body.write("x".repeat(200_000)), true);
  body.sink!.end(undefined);
  assert.deepEqual([scene.ended, client.sent.slice(-5)], [["ok 200 400000"], "xxxxx"]);
});

test("a client that takes nothing of its answer for write_idle is reset; one that takes a little is not", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  const body = await scene.asked[0]!.begin(1_000_000);
  client.stall();
  for (let i = 0; i < 20; i++) body.write("x".repeat(20_000));
  for (let i = 0; i < 5; i++) {
    await scene.clock.advance(29_000);
    client.take(1);
  }
  assert.deepEqual([client.destroyed, scene.ended], [false, []]);
  await scene.clock.advance(62_000);
  assert.deepEqual([client.wasReset, scene.ended, scene.clients.size], [
    true,
    ["client_stalled 200 400000"],
    0,
  ]);
  assert.equal(body.cancelled?.kind, "client_stalled");
});

test("an answer that breaks off resets its connection, so that it cannot be taken for whole", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  const body = await scene.asked[0]!.begin();
  body.write("half");
  body.sink!.fail(new ProxyError("upstream_reset", "gone"));
  await settle();
  assert.deepEqual([client.wasReset, scene.ended, scene.clients.size], [true, ["upstream_reset 200 4"], 0]);
});

test("a client that breaks off while it is idle, or inside a head, takes nothing with it", async (t) => {
  const scene = new ClientScene(t);
  const idle = await scene.client(get());
  await scene.asked[0]!.answer("one");
  idle.break();
  const inside = await scene.client("GET / HT");
  inside.break();
  scene.connect().break();
  assert.deepEqual([scene.ended, scene.clients.size, scene.begun], [["ok 200 3"], 0, 1]);
});

test("a client that breaks off while it waits for its answer ends the request, and the answer is let go", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  const heard: string[] = [];
  scene.asked[0]!.exchange.underWay = { abort: (error) => heard.push(error.kind) };
  client.break();
  assert.deepEqual([heard, scene.ended, scene.clients.size], [["client_closed"], ["client_closed 0 0"], 0]);
  let cancelled = 0;
  await scene.asked[0]!.answer(new Response(new ReadableStream({ cancel: () => void cancelled++ })));
  assert.deepEqual([cancelled, scene.ended.length, client.sent], [1, 1, ""]);
});

test("a client that breaks off in its body ends the body with an error", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(post(10) + "half");
  const body = scene.asked[0]!.take();
  client.break();
  assert.deepEqual([body.text, body.ended, body.error?.kind], ["half", false, "client_closed"]);
  assert.deepEqual([scene.ended, scene.clients.size], [["client_closed 0 0"], 0]);
});

test("a client that breaks off in its answer has the rest of it cancelled, once", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  const body = await scene.asked[0]!.begin(10);
  body.write("half");
  client.break("EPIPE");
  await settle();
  assert.equal(body.cancelled?.kind, "client_closed");
  assert.match(scene.exchanges[0]!.detail!, /EPIPE/);
  assert.deepEqual([scene.ended, scene.clients.size], [["client_closed 200 4"], 0]);
});

test("nothing ticks on for a client that is gone, whatever it was about", async (t) => {
  const scene = new ClientScene(t);
  const idle = await scene.client(get());
  await scene.asked[0]!.answer("one");
  const reads = await scene.client(get());
  await scene.asked[1]!.begin(10);
  reads.stall();
  const inHead = await scene.client("GET / HT");
  const inBody = await scene.client(post(10));
  scene.asked[2]!.take();
  const last = await scene.client(get("/", "Connection: close"));
  last.stall();
  await scene.asked[3]!.answer("last");
  const waits = await scene.client(get());
  waits.receiveEnd();
  for (const client of [scene.connect(), idle, inHead, inBody, last, waits, reads]) client.break();
  await scene.clock.advance(200); // one timer is shared by all, and ends a moment behind the last of them
  assert.deepEqual([scene.clock.timers, scene.clients.size, scene.begun], [0, 0, 5]);
  await scene.clock.advance(100_000);
  assert.deepEqual([scene.begun, scene.ended.length], [5, 5]);
});

test("nothing ticks on for a client that is cut before it has taken its last answer", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get("/", "Connection: close"));
  client.stall();
  await scene.asked[0]!.answer("last");
  client.destroy();
  await scene.clock.advance(200);
  assert.deepEqual([scene.clock.timers, scene.clients.size], [0, 0]);
});

test("a first head has request_headers from the moment at which its client connected", async (t) => {
  const scene = new ClientScene(t);
  const client = scene.connect();
  await scene.clock.advance(6000);
  client.receive("GET / HT");
  await scene.clock.advance(3900);
  assert.equal(client.sent, "");
  await scene.clock.advance(200);
  assert.deepEqual(statuses(client.sent), [408]);
});

test("keep_alive counts from the answer on, also where a part of that is still on its way", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  client.stall();
  await scene.asked[0]!.answer("one");
  await scene.clock.advance(4900);
  assert.equal(client.writableEnded, false);
  await scene.clock.advance(400);
  assert.deepEqual([client.writableEnded, client.destroyed], [true, false]);
  client.take();
  await scene.clock.advance(2100);
  assert.deepEqual([statuses(client.sent), client.destroyed, client.wasReset], [[200], true, false]);
});
