import assert from "node:assert/strict";
import { test } from "node:test";
import { SummedEvent } from "../../../src/observe/summed-event.ts";

test("SummedEvent writes the first at once and what follows as a count, once per interval", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const lines: number[] = [];
  const event = new SummedEvent((count) => void lines.push(count));
  for (let i = 0; i < 1000; i++) event.add();
  assert.deepEqual(lines, [1]);
  t.mock.timers.tick(10_000);
  assert.deepEqual(lines, [1, 999]);
  event.add();
  assert.deepEqual(lines, [1, 999]);
  t.mock.timers.tick(10_000);
  assert.deepEqual(lines, [1, 999, 1]);
  t.mock.timers.tick(20_000); // a quiet interval
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
