import assert from "node:assert/strict";
import { test } from "node:test";
import { Fastest } from "../../../src/balancing/fastest.ts";
import { Random } from "../../support/codec/random.ts";
import { candidate, countPicks, equals, pickNames, type TestCandidate, weighing } from "./support.ts";

const cases: [probes: (number | undefined | "full")[], picked: string, why: string][] = [
  [[], "-", "finds none among none"],
  [[9, 3, 7], "bbb", "picks the one with the shortest probe, again and again"],
  [[5, "full", 7], "aaa", "leaves out a full one"],
  [["full", "full"], "---", "finds none where all are full"],
  [[5, 3, 3], "bcb", "lets equals take turns"],
  [[0, undefined, 2], "bbb", "picks one without a result first"],
  [[undefined, 1, undefined], "aca", "lets those without a result take turns"],
  [[undefined, undefined, undefined], "abc", "lets all take turns while nothing is known"],
];
for (const [probes, picked, why] of cases) {
  test(`Fastest.pick() ${why}`, () => {
    const policy = new Fastest<TestCandidate>();
    policy.update(
      probes.map((ms, i) =>
        candidate("abc"[i]!, ms === "full" ? { full: true, probeMs: 0 } : { probeMs: ms })
      ),
    );
    assert.equal(pickNames(policy, picked.length), picked);
  });
}

test("Fastest.pick() goes by the last probe, without an update", () => {
  const policy = new Fastest<TestCandidate>();
  const all = equals(2);
  policy.update(all);
  [all[0]!.probeMs, all[1]!.probeMs] = [4, 9];
  assert.equal(pickNames(policy, 2), "aa");
  all[0]!.probeMs = 12;
  assert.equal(pickNames(policy, 2), "bb");
});

test("Fastest.pick() shares equally fast ones out by weight", () => {
  const all = weighing(1, 3).map((one) => ({ ...one, probeMs: 5 }));
  const policy = new Fastest<TestCandidate>();
  policy.update(all);
  assert.deepEqual(countPicks(policy, all, 400), [100, 300]);
});

test("Fastest.pick() goes on to the next fastest while the ones before were tried", () => {
  const all = [7, 3, 5].map((probeMs, i) => candidate("abc"[i]!, { probeMs }));
  const policy = new Fastest<TestCandidate>();
  policy.update(all);
  const tried = new Set<TestCandidate>();
  let order = "";
  for (let i = 0; i < 3; i++) {
    const picked = policy.pick(tried)!;
    order += picked.name;
    tried.add(picked);
  }
  assert.equal(order, "bca");
  assert.equal(policy.pick(tried), undefined);
});

test("Fastest.pick() always picks a lowest time", () => {
  const random = new Random(1);
  const policy = new Fastest<TestCandidate>();
  for (let round = 0; round < 2000; round++) {
    const all = equals(1 + random.below(8));
    policy.update(all);
    for (const one of all) {
      one.full = random.chance(0.3);
      one.probeMs = random.pick([undefined, random.below(5)]);
    }
    const lowest = Math.min(...all.filter(({ full }) => !full).map(({ probeMs }) => probeMs ?? -1));
    const picked = policy.pick();
    assert.equal(picked === undefined ? Infinity : picked.probeMs ?? -1, lowest);
  }
});

test("Fastest.pick() among many looks all up every 20 ms, or where the fastest is full", () => {
  let now = 0;
  const policy = new Fastest<TestCandidate>(() => now);
  const all = equals(100);
  all.forEach((one, i) => one.probeMs = 100 + i);
  policy.update(all);
  assert.equal(policy.pick(), all[0]);
  all[5]!.probeMs = 1;
  now = 19;
  assert.equal(policy.pick(), all[0]);
  all[0]!.full = true;
  assert.equal(policy.pick(), all[5]);
  all[0]!.full = false;
  now = 20;
  assert.equal(policy.pick(), all[5]);
  all[6]!.probeMs = 1;
  now = 40;
  assert.deepEqual(new Set([policy.pick(), policy.pick(), policy.pick()]), new Set([all[5], all[6]]));
});
