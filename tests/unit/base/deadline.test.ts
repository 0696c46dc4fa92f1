import assert from "node:assert/strict";
import { test } from "node:test";
import { Deadline } from "../../../src/base/deadline.ts";
import { eventually } from "../../support/eventually.ts";

/** A deadline and the times at which it expired, from now. */
function observed(): { deadline: Deadline; expired: number[] } {
  const started = performance.now();
  const expired: number[] = [];
  return { deadline: new Deadline(() => void expired.push(performance.now() - started)), expired };
}

test("Deadline.set() expires once, not before its time", async () => {
  const { deadline, expired } = observed();
  deadline.set(30);
  await eventually("the end of the wait", () => expired.length > 0);
  assert.ok(expired[0]! >= 29);
  const other = observed();
  other.deadline.set(60);
  await eventually("a later clock", () => other.expired.length > 0);
  assert.equal(expired.length, 1);
});

test("Deadline.set() again moves the end, later and earlier", async () => {
  const { deadline, expired } = observed();
  deadline.set(20);
  deadline.set(60);
  await eventually("the end of the wait", () => expired.length > 0);
  assert.ok(expired[0]! >= 59);
  const earlier = observed();
  earlier.deadline.set(60_000);
  earlier.deadline.set(10);
  await eventually("the end of the wait", () => earlier.expired.length > 0, 2000);
});

for (
  const [how, stop] of [
    ["clear()", (deadline: Deadline) => deadline.clear()],
    ["dispose()", (deadline: Deadline) => deadline.dispose()],
    ["set(0)", (deadline: Deadline) => deadline.set(0)],
  ] as const
) {
  test(`Deadline.${how} forgets the wait`, async () => {
    const { deadline, expired } = observed();
    deadline.set(10);
    stop(deadline);
    const clock = observed();
    clock.deadline.set(40);
    await eventually("the clock", () => clock.expired.length > 0);
    assert.deepEqual(expired, []);
  });
}
