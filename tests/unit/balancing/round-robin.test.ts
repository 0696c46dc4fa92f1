import assert from "node:assert/strict";
import { test } from "node:test";
import type { Candidate } from "../../../src/balancing/policy.ts";
import { RoundRobin } from "../../../src/balancing/round-robin.ts";

interface Named extends Candidate {
  readonly name: string;
}

function candidates(weights: Record<string, number>): Named[] {
  return Object.entries(weights).map(([name, weight]) => ({ name, weight }));
}

function picks(policy: RoundRobin<Named>, count: number): string {
  return Array.from({ length: count }, () => policy.pick()?.name ?? "-").join("");
}

const cases: [weights: Record<string, number>, picked: string, why: string][] = [
  [{ a: 1, b: 1, c: 1 }, "abcabcabc", "goes round in strict rotation"],
  [{ a: 1 }, "aaa", "repeats the only one"],
  [{}, "---", "finds none among none"],
  [{ a: 5, b: 1, c: 1 }, "aabacaa", "spreads the picks of a heavy one"],
  [{ a: 1, b: 0, c: 1 }, "acac", "gives a weight of 0 nothing"],
  [{ a: 0, b: 0 }, "--", "finds none where all weigh 0"],
];
for (const [weights, picked, why] of cases) {
  test(`RoundRobin.pick() ${why}`, () => {
    const policy = new RoundRobin<Named>();
    policy.update(candidates(weights));
    assert.equal(picks(policy, picked.length), picked);
  });
}

test("RoundRobin.pick() gives weights 1 and 3 exactly 100 and 300 of 400", () => {
  const policy = new RoundRobin<Named>();
  policy.update(candidates({ a: 1, b: 3 }));
  const picked = picks(policy, 400);
  assert.deepEqual([picked.split("a").length - 1, picked.split("b").length - 1], [100, 300]);
});

test("RoundRobin.update() in the middle of a round picks only among the new candidates", () => {
  const policy = new RoundRobin<Named>();
  const [a, b, c] = candidates({ a: 1, b: 1, c: 1 }) as [Named, Named, Named];
  policy.update([a, b, c]);
  assert.equal(picks(policy, 3), "abc");
  policy.update([a, c]);
  assert.equal(picks(policy, 4), "acac");
  policy.update([]);
  assert.equal(picks(policy, 1), "-");
});
