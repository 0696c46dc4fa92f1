import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopDelay } from "../../../src/observe/loop-delay.ts";
import { Clock } from "../../support/clock.ts";

test("LoopDelay measures how late its timers come, until it is stopped", (t) => {
  const clock = new Clock(t);
  const delay = new LoopDelay();
  delay.start();
  delay.start();
  assert.equal(clock.timers, 1);
  clock.pass(1000, 100);
  assert.deepEqual([delay.seconds.buckets[0], delay.seconds.sum], [10, 0]);
  clock.now += 700; // the process stands still
  clock.pass(100, 100);
  assert.ok(Math.abs(delay.seconds.sum - 0.7) < 1e-9);
  delay.stop();
  assert.equal(clock.timers, 0);
});
