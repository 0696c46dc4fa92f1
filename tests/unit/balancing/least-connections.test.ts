import assert from "node:assert/strict";
import { test } from "node:test";
import { LeastConnections } from "../../../src/balancing/least-connections.ts";
import { Random } from "../../support/codec/random.ts";
import {
  candidate,
  countPicks,
  equals,
  pickNames,
  randomWeights,
  sum,
  type TestCandidate,
  weighing,
} from "./support.ts";

function over(candidates: readonly TestCandidate[]): LeastConnections<TestCandidate> {
  const policy = new LeastConnections<TestCandidate>();
  policy.update(candidates);
  return policy;
}

/** Whether `a` has fewer requests under way per unit of weight than `b`, without a rounding. */
function isLess(a: TestCandidate, b: TestCandidate): boolean {
  return a.inFlight * b.weight < b.inFlight * a.weight;
}

const cases: [state: [inFlight: number, weight: number, full?: boolean][], picked: string, why: string][] = [
  [[], "-", "finds none among none"],
  [[[7, 1]], "a", "picks the only one, however busy"],
  [[[2, 1], [1, 1], [3, 1]], "b", "picks the one with the fewest requests"],
  [[[2, 4], [1, 1]], "a", "counts requests per unit of weight"],
  [[[1, 3], [2, 7]], "b", "tells 1/3 from 2/7"],
  [[[0, 1, true], [5, 1]], "b", "leaves out a full one that has the fewest"],
  [[[0, 1, true], [5, 1, true]], "-", "finds none where all are full"],
];
for (const [states, picked, why] of cases) {
  test(`LeastConnections.pick() ${why}`, () => {
    const all = states.map(([inFlight, weight, full = false], i) =>
      candidate("abc"[i]!, { inFlight, weight, full })
    );
    assert.equal(pickNames(over(all), 1), picked);
  });
}

test("LeastConnections.pick() takes 1/3, 2/6 and 3/9 as equal", () => {
  const all = [[1, 3], [2, 6], [3, 9]].map(([inFlight, weight], i) =>
    candidate("abc"[i]!, { inFlight: inFlight!, weight: weight! })
  );
  assert.deepEqual(countPicks(over(all), all, 600), [100, 200, 300]);
});

test("LeastConnections.pick() always picks a least loaded one, with random arrivals and departures", () => {
  const random = new Random(1);
  for (let round = 0; round < 60; round++) {
    const all = weighing(...randomWeights(random, 1 + random.below(8), random.pick([1, 4, 20])));
    const limits = all.map(() => 1 + random.below(30));
    const policy = over(all);
    const arrives = 0.4 + 0.3 * random.fraction();
    for (let i = 0; i < 500; i++) {
      if (!random.chance(arrives)) {
        const leaves = random.pick(all);
        if (leaves.inFlight > 0) leaves.inFlight--;
      } else {
        const free = all.filter(({ full }) => !full);
        const picked = policy.pick();
        assert.equal(picked === undefined, free.length === 0);
        if (picked === undefined) continue;
        assert.ok(!picked.full);
        assert.ok(!free.some((one) => isLess(one, picked)));
        picked.inFlight++;
      }
      all.forEach((one, at) => one.full = one.inFlight >= limits[at]!);
    }
  }
});

test("LeastConnections.pick() lets idle equals take turns", () => {
  assert.equal(pickNames(over(equals(3)), 9), "abcabcabc");
});

test("LeastConnections.pick() gives weights 1 and 3 exactly 100 and 300 of 400, one after the other", () => {
  const all = weighing(1, 3);
  assert.deepEqual(countPicks(over(all), all, 400), [100, 300]);
});

test("LeastConnections.pick() gives each its weight in every full cycle of sequential requests", () => {
  const random = new Random(2);
  for (let round = 0; round < 100; round++) {
    const weights = randomWeights(random, 1 + random.below(10), random.pick([2, 10, 60]));
    const all = weighing(...weights);
    const policy = over(all);
    for (let i = 0; i < 2; i++) assert.deepEqual(countPicks(policy, all, sum(weights)), weights);
  }
});

test("LeastConnections.pick() fills by weight: each cycle of lasting requests ends with equal loads", () => {
  const random = new Random(3);
  for (let round = 0; round < 100; round++) {
    const weights = randomWeights(random, 1 + random.below(8), random.pick([2, 10]));
    const all = weighing(...weights);
    const policy = over(all);
    for (let cycle = 1; cycle <= 5; cycle++) {
      for (let i = 0; i < sum(weights); i++) policy.pick()!.inFlight++;
      assert.deepEqual(all.map(({ inFlight }) => inFlight), weights.map((weight) => cycle * weight));
    }
  }
});

test("LeastConnections.pick() rotates among the tied ones, and again among all when they tie", () => {
  const all = equals(4);
  const policy = over(all);
  assert.equal(pickNames(policy, 1), "a");
  all[2]!.inFlight = 1;
  assert.equal(pickNames(policy, 6), "bdabda");
  all[2]!.inFlight = 0;
  assert.equal(pickNames(policy, 4), "bcda");
});

// Closed loop: so many clients, each with one request under way; the one that ends next is drawn by chance.
for (const clients of [1, 2, 5, 12, 40]) {
  test(`LeastConnections.pick() gives each of 5 equals 0.9 to 1.1 of a share with ${clients} clients`, () => {
    const random = new Random(clients);
    const all = equals(5);
    const policy = over(all);
    const counts = new Map(all.map((one) => [one, 0]));
    const underWay: TestCandidate[] = [];
    for (let i = 0; i < 10_000; i++) {
      if (underWay.length === clients) underWay.splice(random.below(clients), 1)[0]!.inFlight--;
      const picked = policy.pick()!;
      picked.inFlight++;
      underWay.push(picked);
      counts.set(picked, counts.get(picked)! + 1);
    }
    for (const count of counts.values()) assert.ok(count >= 1800 && count <= 2200, `${count} of 2000`);
  });
}

test("LeastConnections.pick() gives one that returns idle what it needs to catch up, and no more", () => {
  const all = equals(3);
  const policy = over(all.slice(0, 2));
  for (let i = 0; i < 20; i++) policy.pick()!.inFlight++;
  policy.update(all);
  for (let i = 0; i < 10; i++) {
    const picked = policy.pick()!;
    assert.equal(picked, all[2]);
    picked.inFlight++;
  }
  assert.deepEqual([...pickNames(policy, 3)].sort(), ["a", "b", "c"]);
});

for (const fails of [1, 0.5]) {
  test(`LeastConnections.pick() gives one that fails ${fails} of its requests at once no more than the others`, () => {
    let now = 0;
    const policy = new LeastConnections<TestCandidate>(() => now);
    const all = equals(3);
    policy.update(all);
    const counts = new Map(all.map((one) => [one, 0]));
    /** When each of ten clients has its answer, and from whom. */
    const clients = Array.from(
      { length: 10 },
      () => ({ at: 0, server: undefined as TestCandidate | undefined }),
    );
    for (let i = 0; i < 3000; i++) {
      const client = clients.reduce((first, other) => other.at < first.at ? other : first);
      now = client.at;
      if (client.server !== undefined) client.server.inFlight--;
      const server = policy.pick()!;
      counts.set(server, counts.get(server)! + 1);
      const failing = server === all[0] && (fails === 1 || i % 2 === 0);
      if (failing) server.failedLoad.add(now, 20);
      server.inFlight++;
      client.server = server;
      client.at = now + (failing ? 0.5 : 20);
    }
    assert.ok(counts.get(all[0]!)! <= 1200, `${[...counts.values()]}`);
  });
}
