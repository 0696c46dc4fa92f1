import assert from "node:assert/strict";
import { test } from "node:test";
import { Tick } from "../../../src/base/tick.ts";

/** A tick on a clock that goes on by 1 ms with each reading, and how often it was read. */
function counted(): { tick: Tick; readings: () => number } {
  let readings = 0;
  return { tick: new Tick(() => ++readings), readings: () => readings };
}

test("Tick.now() reads the clock each time outside of an event", () => {
  const { tick } = counted();
  assert.deepEqual([tick.now(), tick.now()], [1, 2]);
});

test("Tick.now() reads the clock once in an event, also where that holds another", () => {
  const { tick, readings } = counted();
  tick.begin();
  const first = tick.now();
  tick.begin();
  const inner = tick.now();
  tick.end();
  assert.deepEqual([first, inner, tick.now()], [1, 1, 1]);
  tick.end();
  assert.deepEqual([tick.now(), readings()], [2, 2]);
});

test("Tick.begin() reads no clock, and the next event has a reading of its own", () => {
  const { tick, readings } = counted();
  tick.begin();
  tick.end();
  assert.equal(readings(), 0);
  tick.begin();
  tick.now();
  tick.end();
  tick.begin();
  assert.equal(tick.now(), 2);
  tick.end();
});

test("Tick.outside() has the code of others read the clock each time, and the event read it anew behind that", () => {
  const { tick } = counted();
  tick.begin();
  tick.now();
  assert.deepEqual(tick.outside(() => [tick.now(), tick.now()]), [2, 3]);
  assert.deepEqual([tick.now(), tick.now()], [4, 4]);
  assert.throws(() =>
    tick.outside(() => {
      throw new Error("on purpose");
    })
  );
  assert.deepEqual([tick.now(), tick.now()], [5, 5]);
  tick.end();
  assert.equal(tick.now(), 6);
});
