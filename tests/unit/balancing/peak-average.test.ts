import assert from "node:assert/strict";
import { test } from "node:test";
import { PeakAverage } from "../../../src/balancing/peak-average.ts";

const cases: [samples: [ms: number, at: number][], average: number | undefined, why: string][] = [
  [[], undefined, "knows none before the first sample"],
  [[[80, 5]], 80, "takes the first sample as it is"],
  [[[0, 0]], 0, "takes a first sample of 0 as it is"],
  [[[100, 0], [900, 0]], 900, "takes a higher sample at once"],
  [[[900, 0], [100, 0]], 900, "does not come down without time"],
  [[[900, 0], [100, 10_000]], 100 + 800 / Math.E, "comes down to 1/e of the way in 10 s"],
  [[[900, 0], [100, 5000], [100, 10_000]], 100 + 800 / Math.E, "comes down alike in steps"],
  [[[900, 10_000], [100, 0]], 900, "takes a clock that went back for no time"],
];
for (const [samples, average, why] of cases) {
  test(`PeakAverage.add() ${why}`, () => {
    const peak = new PeakAverage();
    for (const [ms, at] of samples) peak.add(ms, at);
    if (average === undefined) assert.equal(peak.averageMs, undefined);
    else assert.ok(Math.abs(peak.averageMs! - average) < 1e-9);
  });
}
