import assert from "node:assert/strict";
import { test } from "node:test";
import { First, Priority } from "../../../src/balancing/first.ts";
import { Random } from "../../support/codec/random.ts";
import { candidate, equals, pickNames, subset, type TestCandidate } from "./support.ts";

/** Candidates "a", "b", "c" and so on, of these priorities. */
function ranking(...priorities: number[]): TestCandidate[] {
  return priorities.map((priority, i) => candidate(String.fromCharCode(97 + i), { priority }));
}

test("First.pick() stays with the first of the config, however busy it is", () => {
  const policy = new First<TestCandidate>();
  const all = equals(3);
  policy.update(all);
  all[0]!.inFlight = 1000;
  assert.equal(pickNames(policy, 4), "aaaa");
});

test("First.pick() does not look at weight, priority or latency", () => {
  const policy = new First<TestCandidate>();
  const latency = { averageMs: 9000 };
  policy.update([candidate("a", { priority: 9, latency }), candidate("b", { weight: 50 })]);
  assert.equal(pickNames(policy, 2), "aa");
});

test("First.pick() goes on to the next while the ones before are full, and returns", () => {
  const policy = new First<TestCandidate>();
  const all = equals(3);
  policy.update(all);
  all[0]!.full = true;
  assert.equal(pickNames(policy, 2), "bb");
  all[1]!.full = true;
  assert.equal(pickNames(policy, 2), "cc");
  all[0]!.full = false;
  assert.equal(pickNames(policy, 2), "aa");
  for (const one of all) one.full = true;
  assert.equal(pickNames(policy, 1), "-");
});

const rankings: [priorities: number[], picked: string, why: string][] = [
  [[], "-", "finds none among none"],
  [[2, 1, 3], "b", "picks the lowest priority"],
  [[0, 0, 0], "a", "picks the first of the config among equals"],
  [[5, 1, 1], "b", "picks the first of the config among the lowest"],
  [[10, 9, 100], "b", "compares numbers, not text"],
  [[0, -1], "b", "puts a negative priority first"],
];
for (const [priorities, picked, why] of rankings) {
  test(`Priority.pick() ${why}`, () => {
    const policy = new Priority<TestCandidate>();
    policy.update(ranking(...priorities));
    assert.equal(pickNames(policy, 1), picked);
  });
}

test("Priority.pick() falls back while the lowest is full or gone, and returns", () => {
  const policy = new Priority<TestCandidate>();
  const all = ranking(2, 1, 1);
  policy.update(all);
  all[1]!.full = true;
  assert.equal(pickNames(policy, 2), "cc");
  policy.update(all.slice(0, 2));
  assert.equal(pickNames(policy, 2), "aa");
  policy.update(all);
  assert.equal(pickNames(policy, 2), "cc");
  all[1]!.full = false;
  assert.equal(pickNames(policy, 2), "bb");
});

test("Priority.update() does not reorder the caller's list", () => {
  const all = ranking(3, 2, 1);
  new Priority<TestCandidate>().update(all);
  assert.equal(all.map(({ name }) => name).join(""), "abc");
});

for (const ranked of [false, true]) {
  test(`${ranked ? "Priority" : "First"}.pick() picks the first in order that has room, under churn`, () => {
    const random = new Random(1);
    const all = ranking(...Array.from({ length: 8 }, () => random.below(3)));
    const tiers = [0, 1, 2].map((rank) => all.filter(({ priority }) => priority === rank));
    const order = ranked ? tiers.flat() : all;
    const policy = ranked ? new Priority<TestCandidate>() : new First<TestCandidate>();
    for (let round = 0; round < 2000; round++) {
      const present = subset(random, all);
      policy.update(present);
      for (let i = 0; i < 3; i++) {
        for (const one of all) one.full = random.chance(0.4);
        assert.equal(policy.pick(), order.find((one) => !one.full && present.includes(one)));
      }
    }
  });
}
