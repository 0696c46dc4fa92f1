import assert from "node:assert/strict";
import { test } from "node:test";
import { BOUNDS, Histogram, quantileOf } from "../../../src/observe/histogram.ts";

/** Numbers from 0 up to 1 that are the same in every run. */
function random(): () => number {
  let state = 1;
  return () => (state = state * 48271 % 2147483647) / 2147483647;
}

test("Histogram counts each duration in the bucket that the metrics show for it, bounds included", () => {
  const next = random();
  const durations = [
    0,
    -1,
    1e-9,
    0.000256,
    66,
    68,
    3e9,
    ...BOUNDS,
    ...BOUNDS.map((bound) => bound * 1.000001),
  ];
  for (let i = 0; i < 5000; i++) durations.push(Math.exp(next() * 20 - 12));
  const histogram = new Histogram();
  const expected = Array<number>(BOUNDS.length + 1).fill(0);
  for (const seconds of durations) {
    histogram.observe(seconds);
    const found = BOUNDS.findIndex((bound) => seconds <= bound);
    expected[found === -1 ? BOUNDS.length : found]! += 1;
  }
  assert.deepEqual(histogram.buckets, expected);
});

test("Histogram.add() adds what another has counted", () => {
  const [one, other] = [new Histogram(), new Histogram()];
  one.observe(0.003);
  for (const seconds of [0.003, 20]) other.observe(seconds);
  one.add(other);
  assert.deepEqual([one.buckets[0], one.buckets.at(-1), one.sum], [2, 1, 20.006]);
});

for (const q of [0.5, 0.95, 0.99]) {
  test(`quantileOf() is at most 12 % off for ${q}, whatever the durations are`, () => {
    const next = random();
    for (const [middle, spread] of [[0.001, 0.5], [0.004, 1], [0.05, 2], [2, 1]] as const) {
      const histogram = new Histogram();
      const durations = Array.from({ length: 4000 }, () => middle * Math.exp(spread * (next() - 0.5) * 2));
      for (const seconds of durations) histogram.observe(seconds);
      const exact = durations.sort((a, b) => a - b)[Math.ceil(q * durations.length) - 1]!;
      const found = quantileOf(histogram.counts, q)!;
      assert.ok(Math.abs(found / exact - 1) <= 0.12, `${found} for ${exact}`);
    }
  });
}

test("quantileOf() knows nothing where nothing was counted, and says the last bound for what is above", () => {
  const histogram = new Histogram();
  assert.equal(quantileOf(histogram.counts, 0.5), undefined);
  histogram.observe(3600);
  assert.equal(quantileOf(histogram.counts, 0.5), 2 ** 26 / 1e6);
});
