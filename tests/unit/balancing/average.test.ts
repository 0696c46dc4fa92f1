import assert from "node:assert/strict";
import { test } from "node:test";
import { MovingAverage } from "../../../src/balancing/average.ts";

const cases: [samples: number[], average: number | undefined, why: string][] = [
  [[], undefined, "knows none before the first sample"],
  [[80], 80, "takes the first sample as it is"],
  [[0], 0, "takes a first sample of 0 as it is"],
  [[100, 200], 125, "takes a quarter of the second"],
  [[100, 200, 25], 100, "takes a quarter of each further one"],
  [[0, 100], 25, "takes a quarter of the one after a 0"],
  [[40, 40, 40], 40, "stays where all are the same"],
];
for (const [samples, average, why] of cases) {
  test(`MovingAverage.add() ${why}`, () => {
    const latency = new MovingAverage();
    for (const ms of samples) latency.add(ms, 0);
    assert.equal(latency.averageMs, average);
  });
}

test("MovingAverage.add() lets what it knew count for half after 10 s without a sample", () => {
  const latency = new MovingAverage();
  latency.add(1000, 0);
  latency.add(10, 10_000);
  assert.equal(latency.averageMs, (0.25 * 10 + 0.375 * 1000) / 0.625);
});

test("MovingAverage.add() all but forgets what it knew minutes ago", () => {
  const latency = new MovingAverage();
  latency.add(5000, 0);
  latency.add(20, 180_000);
  assert.ok(latency.averageMs! < 20.1);
});
