import assert from "node:assert/strict";
import { test } from "node:test";
import { DeadlineQueue } from "../../../src/base/deadline-queue.ts";

test("DeadlineQueue tells of each that has waited long enough, in their order, and of none that was taken out", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const pass = (ms: number) => {
    now += ms;
    t.mock.timers.tick(ms);
  };
  const over: string[] = [];
  const queue = new DeadlineQueue<string>(100, (item) => over.push(item));
  queue.add("a");
  pass(40);
  queue.add("b");
  queue.add("c");
  queue.delete("c");
  assert.equal(queue.size, 2);
  pass(59);
  assert.deepEqual(over, []);
  pass(1);
  assert.deepEqual(over, ["a"]);
  pass(40);
  assert.deepEqual(over, ["a", "b"]);
  queue.add("d");
  queue.delete("d");
  pass(200);
  queue.add("e");
  pass(100);
  assert.deepEqual(over, ["a", "b", "e"]);
  assert.equal(queue.size, 0);
});
