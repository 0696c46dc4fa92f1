import assert from "node:assert/strict";
import { test } from "node:test";
import { Places, type WaitEnd } from "../../../src/upstream/places.ts";

const POOL = {};

/** Waits in `places`, whose only place is taken; what it ended with is noted in `ends` under `name`. */
function wait(
  places: Places,
  ends: string[],
  name: string,
  asking: { since?: number; mayLeave?: boolean; pool?: object; limit?: number; queueMs?: number } = {},
): void {
  places.wait({ pool: POOL, limit: 1, queueMs: 60_000, ...asking }).then(
    (end: WaitEnd) => ends.push(`${name} ${typeof end === "string" ? end : "connection"}`),
    (error: { kind: string }) => ends.push(`${name} ${error.kind}`),
  );
}

/** Lets everything happen that waits for no timer. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

test("Places.wait() keeps the order in which requests began to wait, wherever they did so", async () => {
  const places = new Places();
  const ends: string[] = [];
  const now = performance.now();
  places.take();
  wait(places, ends, "second", { since: now - 20 });
  wait(places, ends, "third", { since: now - 10 });
  wait(places, ends, "first", { since: now - 30 });
  for (let i = 0; i < 3; i++) places.free();
  await settle();
  assert.deepEqual(ends, ["first place", "second place", "third place"]);
  assert.equal(places.taken, 1);
});

test("Places.wait() ends when the time is over that began at another server", async () => {
  const places = new Places();
  places.take();
  const began = performance.now();
  assert.throws(() => places.wait({ pool: POOL, limit: 1, queueMs: 50, since: began - 50 }), {
    kind: "queue_timeout",
  });
  await assert.rejects(places.wait({ pool: POOL, limit: 1, queueMs: 1000, since: began - 990 }), {
    kind: "queue_timeout",
  });
  assert.ok(performance.now() - began < 900);
  assert.equal(places.waiting, 0);
});

test("Places.free() serves the first whose own limit leaves room", async () => {
  const places = new Places();
  const ends: string[] = [];
  for (let i = 0; i < 3; i++) places.take();
  wait(places, ends, "one at a time", { limit: 1 });
  wait(places, ends, "three at a time", { limit: 3 });
  places.free();
  await settle();
  assert.deepEqual(ends, ["three at a time place"]);
  assert.equal(places.taken, 3);
  for (let i = 0; i < 3; i++) places.free();
  await settle();
  assert.deepEqual(ends[1], "one at a time place");
});

test("Places.hand() gives a connection to nobody who waits in another pool", async () => {
  const places = new Places();
  const ends: string[] = [];
  places.take();
  wait(places, ends, "other", { pool: {} });
  assert.equal(places.hand({} as never, POOL), "close");
  places.free();
  await settle();
  assert.deepEqual(ends, ["other place"]);
  assert.equal(places.hand({} as never, POOL), false);
});

test("Places.sendAway() sends those that may leave, and the rest where anybody is to", async () => {
  const places = new Places();
  const ends: string[] = [];
  places.take();
  wait(places, ends, "stays");
  wait(places, ends, "leaves", { mayLeave: true });
  assert.deepEqual([places.sendAway(), places.sendAway(), places.sendAway(true)], [true, false, true]);
  await settle();
  assert.deepEqual(ends, ["leaves elsewhere", "stays elsewhere"]);
});
