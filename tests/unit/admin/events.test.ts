import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { StateEvents } from "../../../src/admin/events.ts";
import { Clock } from "../../support/clock.ts";

function open(t: TestContext, state = () => "{}") {
  const clock = new Clock(t);
  const made = { states: 0, step: -1 };
  const events = new StateEvents({
    state: () => {
      made.states++;
      return Promise.resolve(state());
    },
    step: () => ({ number: made.step, text: () => `{"step":${made.step}}` }),
  });
  return { clock, events, made };
}

const text = async (reader: ReadableStreamDefaultReader<Uint8Array>) =>
  new TextDecoder().decode((await reader.read()).value);

test("StateEvents makes one state a second for all who listen, and none while nobody does", async (t) => {
  const { clock, events, made } = open(t);
  await clock.advance(3000);
  assert.equal(made.states, 0);
  const readers = [events.open()!.getReader(), events.open()!.getReader()];
  await clock.advance(1);
  assert.deepEqual(await Promise.all(readers.map(text)), Array(2).fill("event: state\ndata: {}\n\n"));
  await clock.advance(1000);
  const [one, other] = await Promise.all(readers.map((reader) => reader.read()));
  assert.equal(one!.value, other!.value); // the same bytes, not a copy
  assert.equal(made.states, 2);
  await readers[0]!.cancel();
  await readers[1]!.cancel();
  await clock.advance(5000);
  assert.deepEqual([made.states, events.size, clock.timers], [2, 0, 0]);
});

test("StateEvents makes no more where all leave while a state is made", async (t) => {
  let leave = () => {};
  const { clock, events, made } = open(t, () => {
    leave();
    return "{}";
  });
  const stream = events.open()!;
  leave = () => void stream.cancel();
  await clock.advance(5000);
  assert.deepEqual([made.states, clock.timers], [1, 0]);
});

test("StateEvents sends each step of the history once", async (t) => {
  const { clock, events, made } = open(t);
  const reader = events.open()!.getReader();
  await clock.advance(1);
  await reader.read();
  made.step = 7;
  await clock.advance(1000);
  assert.deepEqual([await text(reader), await text(reader)], [
    'event: step\ndata: {"step":7}\n\n',
    "event: state\ndata: {}\n\n",
  ]);
  await clock.advance(1000);
  assert.match(await text(reader), /^event: state/);
});

test("StateEvents keeps nothing for who does not read, and cuts it after ten states", async (t) => {
  const { clock, events, made } = open(t);
  const stream = events.open()!;
  const lively = events.open()!.getReader();
  for (let i = 0; i < 9; i++) {
    await clock.advance(1000);
    await lively.read();
  }
  assert.equal(events.size, 2);
  for (let i = 0; i < 5; i++) {
    await clock.advance(1000);
    await lively.read();
  }
  assert.equal(events.size, 1);
  await assert.rejects(async () => {
    for await (const _ of stream);
  }, /does not read/);
  assert.ok(made.states >= 12);
});

test("StateEvents sends a large state less often", async (t) => {
  const { clock, events, made } = open(t, () => `"${"x".repeat(3 * 256 * 1024)}"`);
  const reader = events.open()!.getReader();
  void (async () => {
    while (!(await reader.read()).done);
  })();
  await clock.advance(12_000);
  assert.equal(made.states, 3);
});

test("StateEvents has room for 32, and for others when one has left", (t) => {
  const { events } = open(t);
  const streams = Array.from({ length: 33 }, () => events.open());
  assert.deepEqual([streams.filter((stream) => stream !== undefined).length, streams[32]], [32, undefined]);
  void streams[0]!.cancel();
  assert.notEqual(events.open(), undefined);
});

test("StateEvents.end() ends all streams, and serves who comes later", async (t) => {
  const { clock, events } = open(t);
  const reader = events.open()!.getReader();
  await clock.advance(1);
  await reader.read();
  events.end();
  assert.equal((await reader.read()).done, true);
  const next = events.open()!.getReader();
  await clock.advance(1000);
  assert.match(await text(next), /^event: state/);
});

test("StateEvents cuts its clients where a state cannot be made, and goes on for the next", async (t) => {
  let fails = true;
  const { clock, events } = open(t, () => {
    if (fails) throw new Error("not now");
    return "{}";
  });
  const reader = events.open()!.getReader();
  const read = reader.read();
  read.catch(() => {});
  await clock.advance(1);
  await assert.rejects(read, /not now/);
  fails = false;
  const next = events.open()!.getReader();
  await clock.advance(1000);
  assert.match(await text(next), /^event: state/);
});
