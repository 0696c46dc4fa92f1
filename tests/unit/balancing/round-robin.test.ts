import assert from "node:assert/strict";
import { test } from "node:test";
import { RoundRobin } from "../../../src/balancing/round-robin.ts";
import { Random } from "../../support/codec/random.ts";
import {
  countPicks,
  equals,
  pickNames,
  randomWeights,
  subset,
  sum,
  type TestCandidate,
  weighing,
} from "./support.ts";

/** How far, in requests, a server may fall behind its share at any moment of a cycle. */
const MOST_BEHIND = 1.25;

function over(candidates: readonly TestCandidate[]): RoundRobin<TestCandidate> {
  const policy = new RoundRobin<TestCandidate>();
  policy.update(candidates);
  return policy;
}

const cases: [weights: number[], picked: string, why: string][] = [
  [[1, 1, 1], "abcabcabc", "goes round in strict rotation"],
  [[3, 3], "ababab", "goes round in strict rotation where all weigh the same"],
  [[1], "aaa", "repeats the only one"],
  [[], "---", "finds none among none"],
  [[5, 1, 1], "aabacaa", "spreads the picks of a heavy one"],
  [[1, 3], "babbbabb", "spreads 1 and 3"],
];
for (const [weights, picked, why] of cases) {
  test(`RoundRobin.pick() ${why}`, () => {
    assert.equal(pickNames(over(weighing(...weights)), picked.length), picked);
  });
}

test("RoundRobin.pick() finds none before the first update", () => {
  assert.equal(new RoundRobin<TestCandidate>().pick(), undefined);
});

test("RoundRobin.pick() gives weights 1 and 3 exactly 100 and 300 of 400, never more than 3 in a row", () => {
  const picked = pickNames(over(weighing(1, 3)), 400);
  assert.deepEqual([picked.split("a").length - 1, picked.split("b").length - 1], [100, 300]);
  assert.doesNotMatch(picked, /aa|bbbb/);
});

test("RoundRobin.pick() goes in strict rotation among any number of equals", () => {
  for (let count = 1; count <= 40; count++) {
    const all = equals(count);
    const policy = over(all);
    for (let i = 0; i < 3 * count; i++) assert.equal(policy.pick(), all[i % count]);
  }
});

test("RoundRobin.pick() gives each its weight in every full cycle, for any weights", () => {
  const random = new Random(1);
  for (let round = 0; round < 300; round++) {
    const weights = randomWeights(random, 1 + random.below(10), random.pick([2, 10, 60]));
    const all = weighing(...weights);
    const policy = over(all);
    const cycle = sum(weights) / gcd(weights);
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(countPicks(policy, all, cycle), weights.map((weight) => weight / gcd(weights)));
    }
  }
});

test("RoundRobin.pick() is never a whole request ahead of a share, nor much behind it", () => {
  const random = new Random(2);
  for (let round = 0; round < 300; round++) {
    const all = weighing(...randomWeights(random, 2 + random.below(9), random.pick([2, 10, 60])));
    const policy = over(all);
    const total = sum(all.map(({ weight }) => weight));
    const counts = new Map(all.map((one) => [one, 0]));
    for (let picks = 1; picks <= total; picks++) {
      const picked = policy.pick()!;
      counts.set(picked, counts.get(picked)! + 1);
      for (const one of all) {
        const ahead = counts.get(one)! - picks * one.weight / total;
        assert.ok(ahead < 1 && ahead > -MOST_BEHIND, `${ahead} ahead`);
      }
    }
  }
});

// Spread evenly, a server of weight w comes at most ceil(w / weight of the others) times in a row. The
// algorithm does not reach that everywhere: 5:1:1 gives "aabacaa", and 4 in a row from cycle to cycle where 3
// would do.
test("RoundRobin.pick() bunches no more than two picks over what the weights ask for", () => {
  const random = new Random(3);
  for (let round = 0; round < 300; round++) {
    const all = weighing(...randomWeights(random, 2 + random.below(9), random.pick([2, 10, 60])));
    const policy = over(all);
    const total = sum(all.map(({ weight }) => weight));
    let last: TestCandidate | undefined;
    let run = 0;
    for (let i = 0; i < 2 * total; i++) {
      const picked = policy.pick()!;
      run = picked === last ? run + 1 : 1;
      last = picked;
      assert.ok(run <= Math.ceil(picked.weight / (total - picked.weight)) + 2, `${run} in a row`);
    }
  }
});

for (const weights of [[1, 1, 1], [1, 2, 3]]) {
  test(`RoundRobin.pick() skips a full one and shares the rest by weight (${weights.join(":")})`, () => {
    const all = weighing(...weights);
    const policy = over(all);
    policy.pick();
    all[1]!.full = true;
    const others = weights[0]! + weights[2]!;
    const counts = countPicks(policy, all, others * 100);
    assert.equal(counts[1], 0);
    assert.ok(Math.abs(counts[0]! - 100 * weights[0]!) <= 1); // 1 for the phase of the cycle it starts in
    for (const one of all) one.full = true;
    assert.equal(policy.pick(), undefined);
    all[1]!.full = false;
    assert.equal(policy.pick(), all[1]);
  });
}

test("RoundRobin.update() in the middle of a round picks only among the new candidates", () => {
  const [a, b, c] = equals(3) as [TestCandidate, TestCandidate, TestCandidate];
  const policy = over([a, b, c]);
  assert.equal(pickNames(policy, 3), "abc");
  policy.update([a, c]);
  assert.equal(pickNames(policy, 4), "acac");
  policy.update([]);
  assert.equal(pickNames(policy, 1), "-");
});

test("RoundRobin.update() goes on where the rotation was", () => {
  const all = equals(4);
  const policy = over(all);
  assert.equal(pickNames(policy, 2), "ab");
  policy.update(all.slice(1)); // a leaves: still c's turn
  assert.equal(pickNames(policy, 1), "c");
  policy.update(all); // and returns: d's turn
  assert.equal(pickNames(policy, 3), "dab");
  policy.update(all.filter(({ name }) => name !== "c")); // the one whose turn it is leaves
  assert.equal(pickNames(policy, 2), "da");
});

// Bound: the part of its share (the sum over all picks of weight / weight of all present) that a server must
// get, and how much more it may get. `toggle` is the chance to leave or return before each round of `picks`.
const churns = [
  { toggle: 0.01, picks: 20, weights: "equal", least: 0.99, most: 1.01 },
  { toggle: 0.01, picks: 20, weights: "any", least: 0.99, most: 1.01 },
  { toggle: 0.02, picks: 1, weights: "any", least: 0.95, most: 1.05 },
  { toggle: 0.5, picks: 5, weights: "equal", least: 0.85, most: 1.2 },
  { toggle: 0.5, picks: 5, weights: "any", least: 0.85, most: 1.2 },
  { toggle: 0.5, picks: 1, weights: "equal", least: 0.5, most: 2 },
  { toggle: 0.5, picks: 1, weights: "any", least: 0.5, most: 2 },
] as const;
for (const { toggle, picks, weights, least, most } of churns) {
  const title = `${weights} weights, each leaving or returning with chance ${toggle} before ${picks} picks`;
  test(`RoundRobin.pick() gives ${least} to ${most} of each share under churn: ${title}`, () => {
    for (let seed = 0; seed < 4; seed++) {
      const random = new Random(seed);
      const all = weights === "equal" ? equals(6) : weighing(...randomWeights(random, 6, 5));
      const counts = new Map(all.map((one) => [one, { picked: 0, share: 0 }]));
      const absent = new Set<TestCandidate>();
      const policy = over(all);
      for (let round = 0; round < 10_000; round++) {
        for (const one of subset(random, all, toggle)) if (!absent.delete(one)) absent.add(one);
        const present = all.filter((one) => !absent.has(one));
        policy.update(present);
        const total = sum(present.map(({ weight }) => weight));
        for (const one of present) counts.get(one)!.share += picks * one.weight / total;
        for (let i = 0; i < picks && present.length > 0; i++) {
          const picked = policy.pick()!;
          assert.ok(!absent.has(picked));
          counts.get(picked)!.picked++;
        }
      }
      for (const { picked, share } of counts.values()) {
        assert.ok(picked >= least * share && picked <= most * share, `${picked} of ${share}`);
      }
    }
  });
}

function gcd(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => {
    while (b !== 0) [a, b] = [b, a % b];
    return a;
  });
}
