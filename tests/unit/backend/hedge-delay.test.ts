import assert from "node:assert/strict";
import { test } from "node:test";
import { HedgeDelay } from "../../../src/backend/hedge-delay.ts";

/** One that has seen as many answers of each duration, in ms. */
function afterAnswers(answers: readonly (readonly [count: number, ms: number])[], now = 100_000): HedgeDelay {
  const delay = new HedgeDelay({ quantile: 0.95 });
  for (const [count, ms] of answers) for (let i = 0; i < count; i++) delay.observe(ms, now);
  return delay;
}

/** Whether `ms` is `wanted`, as exactly as buckets tell. */
function isAbout(ms: number | undefined, wanted: number): void {
  assert.ok(ms !== undefined && Math.abs(ms - wanted) <= wanted * 0.15, `${ms} is not about ${wanted}`);
}

test("HedgeDelay.ms() is the time it was given, from the beginning", () => {
  assert.equal(new HedgeDelay({ ms: 150 }).ms(0), 150);
});

test("HedgeDelay.ms() is the quantile of the answers of the last while", () => {
  isAbout(afterAnswers([[94, 10], [6, 200]]).ms(100_000), 200);
  isAbout(afterAnswers([[96, 10], [4, 200]]).ms(100_000), 10);
});

test("HedgeDelay.ms() is at least a millisecond", () => {
  assert.equal(afterAnswers([[100, 0.3]]).ms(100_000), 1);
});

test("HedgeDelay.ms() is not known before enough answers came", () => {
  assert.equal(afterAnswers([[49, 10]]).ms(100_000), undefined);
  isAbout(afterAnswers([[50, 10]]).ms(100_000), 10);
});

test("HedgeDelay.ms() forgets answers after one or two windows", () => {
  const delay = afterAnswers([[100, 10]]);
  isAbout(delay.ms(159_999), 10);
  assert.equal(delay.ms(160_000), undefined);
  const other = afterAnswers([[100, 10]]);
  for (let i = 0; i < 100; i++) other.observe(500, 130_000);
  isAbout(other.ms(130_000), 500);
  other.observe(500, 160_000);
  isAbout(other.ms(161_000), 500);
});

test("HedgeDelay.ms() is worked out once in a second", () => {
  const delay = afterAnswers([[100, 10]]);
  isAbout(delay.ms(100_000), 10);
  for (let i = 0; i < 100; i++) delay.observe(500, 100_500);
  isAbout(delay.ms(100_999), 10);
  isAbout(delay.ms(101_000), 500);
});

test("HedgeDelay.ms() does not sink, as attempts that were given up count as well", () => {
  const delay = new HedgeDelay({ quantile: 0.95 });
  for (let now = 100_000; now < 1_100_000; now += 10_000) {
    const hedgedAfter = delay.ms(now) ?? Infinity;
    // All that is ever known of a slow one is that the second attempt was faster, a millisecond later.
    for (let ms = 0.5; ms < 100; ms++) delay.observe(Math.min(ms, hedgedAfter + 1), now);
  }
  isAbout(delay.ms(1_100_000), 95);
});
