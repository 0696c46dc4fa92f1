import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../support/clock.ts";
import { ClientScene, get, post, statuses } from "./client-scene.ts";

test("a client that got its 100 has body_idle for its body", async (t) => {
  const scene = new ClientScene(t);
  const client = await scene.client(post(2, "Expect: 100-continue"));
  const body = scene.asked[0]!.take();
  await scene.clock.advance(60_000);
  scene.asked[0]!.exchange.inform(100, "", undefined);
  await scene.clock.advance(19_900);
  assert.deepEqual([body.error, client.destroyed], [undefined, false]);
  await scene.clock.advance(200);
  assert.equal(body.error?.kind, "body_timeout");
});

test("body_size counts each body alone", async (t) => {
  const scene = new ClientScene(t, { bodySize: 10 });
  const client = await scene.client("");
  for (let i = 0; i < 3; i++) {
    client.receive(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n",
    );
    await settle();
    const body = scene.asked[i]!.take();
    await settle();
    assert.deepEqual([body.text, body.ended], ["abcdef", true]);
    await scene.asked[i]!.answer("ok");
  }
  assert.deepEqual(statuses(client.sent), [200, 200, 200]);
});

test("max_connections of a frontend counts its own clients, and those that are gone no more", async (t) => {
  const scene = new ClientScene(t);
  const limited = { ...scene.entrance.reception, maxConnections: 2 };
  scene.connect();
  scene.entrance = { reception: limited };
  const first = scene.connect();
  const second = scene.connect();
  assert.equal(statuses((await scene.client(get())).sent)[0], 503);
  first.break();
  const third = await scene.client(get());
  assert.deepEqual([third.sent, scene.asked.length], ["", 1]);
  assert.equal(statuses((await scene.client(get())).sent)[0], 503);
  second.break();
  third.break();
  const others = [scene.connect(), scene.connect()];
  assert.deepEqual(others.map(({ sent }) => sent), ["", ""]);
  assert.equal(scene.refusals.length, 2);
});
