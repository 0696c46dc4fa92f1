import assert from "node:assert/strict";
import { test } from "node:test";
import { SummedEvent } from "../../../src/observe/summed-event.ts";
import { Clock } from "../../support/clock.ts";

test("SummedEvent writes the first at once and what follows as a count, once per interval", (t) => {
  const clock = new Clock(t);
  const lines: number[] = [];
  const event = new SummedEvent((count) => void lines.push(count));
  for (let i = 0; i < 1000; i++) event.add();
  assert.deepEqual(lines, [1]);
  clock.pass(10_000);
  assert.deepEqual(lines, [1, 999]);
  event.add();
  assert.deepEqual(lines, [1, 999]);
  clock.pass(10_000);
  assert.deepEqual(lines, [1, 999, 1]);
  clock.pass(20_000); // a quiet interval
  event.add();
  assert.deepEqual(lines, [1, 999, 1, 1]);
  event.close();
});

test("SummedEvent.close() writes what was not written yet", () => {
  const lines: number[] = [];
  const event = new SummedEvent((count) => void lines.push(count));
  for (let i = 0; i < 3; i++) event.add();
  event.close();
  event.close();
  assert.deepEqual(lines, [1, 2]);
});
