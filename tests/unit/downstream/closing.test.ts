import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Reception } from "../../../src/downstream/reception.ts";
import { settle } from "../../support/clock.ts";
import type { DrivenSocket } from "../../support/driven-socket.ts";
import { ClientScene, type ClientSceneOptions, get, post, statuses } from "./client-scene.ts";

/** A client whose last answer, to a request that asked for it, was written. */
async function answeredLast(
  t: TestContext,
  options: ClientSceneOptions = {},
): Promise<{ scene: ClientScene; client: DrivenSocket }> {
  const scene = new ClientScene(t, options);
  const client = await scene.client(get("/", "Connection: close"));
  await scene.asked[0]!.answer("last");
  return { scene, client };
}

test("a last answer is followed by the end, and the connection by silence for as long as linger", async (t) => {
  const { scene, client } = await answeredLast(t);
  assert.match(client.sent, /Connection: close\r\n\r\nlast$/);
  assert.deepEqual([client.finished, client.destroyed, scene.clients.size], [true, false, 1]);
  await scene.clock.advance(1900);
  assert.equal(client.destroyed, false);
  await scene.clock.advance(200);
  assert.deepEqual([client.destroyed, client.wasReset, scene.clients.size], [true, false, 0]);
});

test("a client that closes behind its last answer is gone at once", async (t) => {
  const { scene, client } = await answeredLast(t);
  client.receiveEnd();
  client.destroy();
  await settle();
  assert.deepEqual([scene.clients.size, scene.ended], [0, ["ok 200 4"]]);
});

test("a client that breaks off behind its last answer changes nothing of what became of it", async (t) => {
  const { scene, client } = await answeredLast(t);
  client.break();
  assert.deepEqual([scene.clients.size, scene.ended], [0, ["ok 200 4"]]);
});

test("what a client goes on sending is thrown away, and keeps the connection open up to linger_limit", async (t) => {
  const { scene, client } = await answeredLast(t);
  for (let i = 0; i < 5; i++) {
    await scene.clock.advance(1100);
    client.receive(get());
    assert.deepEqual([client.destroyed, client.paused], [false, false]);
  }
  await scene.clock.advance(300);
  assert.equal(client.destroyed, false);
  await scene.clock.advance(400);
  assert.deepEqual([client.destroyed, scene.asked.length, scene.clients.size], [true, 1, 0]);
});

test("a client that takes nothing of its last answer is reset after write_idle", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get("/", "Connection: close"));
  client.stall();
  await scene.asked[0]!.answer("x".repeat(1000));
  assert.deepEqual([scene.ended, client.finished], [["ok 200 1000"], false]);
  await scene.clock.advance(29_000);
  assert.equal(client.destroyed, false);
  await scene.clock.advance(32_000);
  assert.deepEqual([client.wasReset, scene.clients.size], [true, 0]);
});

test("a client that takes its last answer slowly has time for it, and linger from its end on", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get("/", "Connection: close"));
  client.stall();
  const body = await scene.asked[0]!.begin(300_000);
  for (let i = 0; i < 15; i++) body.write("x".repeat(20_000));
  body.sink!.end(undefined);
  for (let i = 0; i <= 15; i++) {
    await scene.clock.advance(28_000);
    client.take(1);
  }
  await scene.clock.advance(10);
  assert.deepEqual([client.finished, client.destroyed], [true, false]);
  await scene.clock.advance(1900);
  assert.equal(client.destroyed, false);
  await scene.clock.advance(200);
  assert.deepEqual([client.destroyed, client.wasReset], [true, false]);
});

test("an answer that comes before a long body is read closes the connection behind it", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(post(1_000_000) + "begins");
  const body = scene.asked[0]!.take();
  await scene.asked[0]!.answer("no, thanks");
  assert.match(client.sent, /Connection: close\r\n/);
  client.receive("x".repeat(100_000));
  assert.deepEqual([body.text, body.ended, client.finished, client.paused], ["begins", false, true, false]);
  await scene.clock.advance(2100);
  assert.deepEqual([client.destroyed, scene.clients.size, scene.ended], [true, 0, ["ok 200 10"]]);
});

test("what is left of a short body that nobody took is passed over, and the connection goes on", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(post(1000) + "begins");
  await scene.asked[0]!.answer("no, thanks");
  assert.doesNotMatch(client.takeSent(), /Connection: close/);
  client.receive("x".repeat(994) + get("/next"));
  await scene.clock.advance(5);
  assert.equal(scene.asked[1]!.request.target, "/next");
  await scene.asked[1]!.answer("yes");
  assert.deepEqual(statuses(client.sent), [200]);
});

test("a client that asked first and got no 100 may leave its body out, so the connection closes", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(post(10, "Expect: 100-continue"));
  await scene.asked[0]!.answer("no, thanks");
  assert.match(client.sent, /^HTTP\/1\.1 200 [^]*Connection: close\r\n/);
  assert.ok(client.finished);
});

test("a client that finishes sending while it is idle is closed without a word", async (t) => {
  const scene = new ClientScene(t);
  const fresh = scene.connect();
  fresh.receiveEnd();
  const used = await scene.client(get());
  await scene.asked[0]!.answer("one");
  used.takeSent();
  used.receiveEnd();
  const rested = await scene.client(get());
  await scene.asked[1]!.answer("one");
  await scene.clock.advance(1500);
  rested.takeSent();
  rested.receiveEnd();
  await settle();
  assert.deepEqual([fresh, used, rested].map(({ destroyed, sent }) => [destroyed, sent]), [
    [true, ""],
    [true, ""],
    [true, ""],
  ]);
  assert.equal(scene.clients.size, 0);
});

test("a client that finishes sending inside a head is answered 400", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client("GET / HTTP/1.1\r\nHost");
  client.receiveEnd();
  await settle();
  assert.deepEqual([statuses(client.sent), scene.ended, scene.clients.size], [
    [400],
    ["bad_request 400 11"],
    0,
  ]);
});

test("a client that finishes sending inside a body is cut, and the body breaks off", async (t) => {
  for (const taken of [true, false]) {
    await t.test(taken ? "that is taken" : "that nobody takes", async (t) => {
      const scene = new ClientScene(t);
      const client = await scene.client(post(10) + "half");
      const body = taken ? scene.asked[0]!.take() : undefined;
      client.receiveEnd();
      await settle();
      if (!taken) scene.asked[0]!.take();
      await settle();
      assert.equal(body?.error?.kind, taken ? "client_closed" : undefined);
      assert.deepEqual([client.destroyed, scene.ended], [true, ["client_closed 0 0"]]);
      assert.equal(scene.clients.size, 0);
    });
  }
});

test("a client that finished sending gets all the answers that it asked for, then the end", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get("/1") + get("/2"));
  client.receiveEnd();
  await scene.asked[0]!.answer("one");
  assert.doesNotMatch(client.sent, /Connection: close/);
  await scene.clock.advance(5);
  await scene.asked[1]!.answer("two");
  assert.match(client.sent, /one[^]*Connection: close\r\n[^]*two$/);
  assert.deepEqual([client.destroyed, client.wasReset, scene.clients.size], [true, false, 0]);
});

test("a client that finished sending and waits is probed twice, 250 ms apart, and then believed", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  client.receiveEnd();
  await scene.clock.advance(200);
  assert.equal(client.sent, "");
  await scene.clock.advance(100);
  assert.deepEqual(statuses(client.sent), [100]);
  await scene.clock.advance(150);
  assert.deepEqual(statuses(client.sent), [100]);
  await scene.clock.advance(100);
  assert.deepEqual(statuses(client.sent), [100, 100]);
  await scene.clock.advance(60_000);
  assert.deepEqual(statuses(client.sent), [100, 100]);
  await scene.asked[0]!.answer("late");
  assert.deepEqual([statuses(client.sent), scene.ended], [[100, 100, 200], ["ok 200 4"]]);
});

test("a later request of a client that finished sending is waited for with what is left of the probes", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get("/1") + get("/2"));
  client.receiveEnd();
  await scene.clock.advance(300);
  await scene.asked[0]!.answer("one");
  await scene.clock.advance(5);
  assert.equal(scene.asked.length, 2);
  await scene.clock.advance(1000);
  assert.deepEqual(statuses(client.sent), [100, 200, 100]);
});

test("a client of HTTP/1.0 that finished sending counts as gone, as it cannot be probed", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client("GET / HTTP/1.0\r\n\r\n");
  client.receiveEnd();
  await settle();
  assert.deepEqual([client.destroyed, scene.ended, client.sent], [true, ["client_closed 0 0"], ""]);
});

test("with half_close abort a client that finishes sending is cut while it waits or reads", async (t) => {
  const scene = new ClientScene(t, { halfClose: "abort" });
  const waits = await scene.client(get());
  waits.receiveEnd();
  const reads = await scene.client(get());
  const body = await scene.asked[1]!.begin(10);
  body.write("half");
  reads.receiveEnd();
  await settle();
  assert.deepEqual([waits.destroyed, reads.destroyed, scene.clients.size], [true, true, 0]);
  assert.deepEqual(scene.ended, ["client_closed 0 0", "client_closed 200 4"]);
  assert.equal(body.cancelled?.kind, "client_closed");
});

test("a client that finishes sending in its answer gets the rest of it", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(get());
  const body = await scene.asked[0]!.begin(8);
  body.write("half");
  client.receiveEnd();
  await scene.clock.advance(1000);
  body.write("full");
  body.sink!.end(undefined);
  await settle();
  assert.match(client.sent, /halffull$/);
  assert.deepEqual([scene.ended, client.destroyed, client.wasReset], [["ok 200 8"], true, false]);
});

test("a failure that is told while its request is cut is no more answered", async (t) => {
  const scene = new ClientScene(t, { halfClose: "abort" });
  Object.assign(scene.entrance.reception, {
    serve: ((request, taker) => {
      const { exchange } = request;
      exchange.underWay = { abort: (error) => taker.onFailed(exchange, error) };
    }) satisfies Reception["serve"],
  });
  const client = await scene.client(get());
  client.receiveEnd();
  await settle();
  assert.deepEqual([client.sent, client.destroyed], ["", true]);
  assert.deepEqual(scene.ended, ["client_closed 0 0"]);
});
