import assert from "node:assert/strict";
import { test } from "node:test";
import { LoadAware } from "../../../src/balancing/load-aware.ts";
import { Random } from "../../support/codec/random.ts";
import { exponential, type Load, type Measured, measured, measuring, simulate } from "./simulation.ts";
import {
  assertFits,
  candidate,
  countPicks,
  equals,
  randomWeights,
  sum,
  type TestCandidate,
  weighing,
} from "./support.ts";

/** What is special about the second of two candidates. */
type Second = Partial<Pick<TestCandidate, "inFlight" | "peak" | "report" | "weight">>;

/** Share of 20,000 picks that the second of two gets, where all stays as it is. The first one's latency is 100 ms. */
function shareOfSecond(second: Second, first: Partial<TestCandidate> = {}): number {
  const all = [
    candidate("a", { peak: { averageMs: 100 }, ...first }),
    candidate("b", { peak: { averageMs: 100 }, ...second }),
  ];
  const random = new Random(1);
  const policy = new LoadAware<TestCandidate>(() => 0, () => random.fraction());
  policy.update(all);
  return countPicks(policy, all, 20_000)[1]! / 20_000;
}

// Two servers with the chances p and 1 - p, of which the second costs more: it is picked when both draws are it, p².
const report = (utilization: number) => ({ utilization, at: 0 });
const cases: [second: Second, share: number, why: string][] = [
  [{}, 1 / 2, "halves between equals"],
  [{ weight: 3 }, 3 / 4, "goes by weight"],
  [
    { peak: { averageMs: 200 } },
    (1 / 5) ** 2,
    "gives one of twice the latency a chance of 1 to 4 in both draws",
  ],
  [{ inFlight: 1 }, (1 / 5) ** 2, "counts a request under way like the latency once more"],
  [{ inFlight: 3, weight: 3 }, (3 / 3.5) ** 2, "counts requests under way in relation to the weight"],
  [{ report: report(0.5) }, (1 / 5) ** 2, "counts half utilized like twice the latency"],
  [{ report: report(1) }, (1 / 401) ** 2, "counts fully utilized like 20 times the latency"],
  [{ peak: { averageMs: undefined } }, 1 / 2, "takes an unknown latency for the lowest that is known"],
];
for (const [second, share, why] of cases) {
  test(`LoadAware.pick() ${why}`, () => {
    // 3 requests per weight 3 against a mean weight of 2: cost 3, chance 3/9 against 1.
    const expected = second.inFlight === 3 ? (3 / 9 / (3 / 9 + 1)) ** 2 : share;
    assert.ok(Math.abs(shareOfSecond(second) - expected) < 0.02, `${shareOfSecond(second)} of ${expected}`);
  });
}

test("LoadAware.pick() lets a report fade over 10 s", () => {
  const shares = [0, 5000, 10_000, 60_000].map((ago) =>
    shareOfSecond({ report: { utilization: 0.8, at: -ago } })
  );
  const expected = [1 / 26, 0.36 / 1.36, 1 / 2, 1 / 2].map((chance) =>
    chance === 1 / 2 ? chance : chance ** 2
  );
  shares.forEach((share, i) => assert.ok(Math.abs(share - expected[i]!) < 0.02, `${shares} of ${expected}`));
});

test("LoadAware.pick() compares the costs of this moment, not those that the chances were made of", () => {
  const all = equals(2);
  const random = new Random(2);
  const policy = new LoadAware<TestCandidate>(() => 0, () => random.fraction());
  policy.update(all);
  policy.pick();
  all[0]!.inFlight = 5;
  const [first] = countPicks(policy, all, 10_000);
  assert.ok(Math.abs(first! / 10_000 - 1 / 4) < 0.02, `${first}`); // the chances are of before, half each
});

test("LoadAware.pick() shares idle equals out by any weights, whatever the one latency of all", () => {
  const random = new Random(3);
  for (let round = 0; round < 40; round++) {
    const weights = randomWeights(random, 1 + random.below(12), random.pick([1, 3, 10, 100]));
    const averageMs = random.pick([undefined, 0, 5, 5000]);
    const all = weighing(...weights).map((one) => ({ ...one, peak: { averageMs } }));
    const policy = new LoadAware<TestCandidate>(() => 0, () => random.fraction());
    policy.update(all);
    assertFits(countPicks(policy, all, 10_000), weights);
  }
});

test("LoadAware.pick() picks the cheapest of those left where both draws are full or were tried", () => {
  const [a, b, c] = [0, 40, 30].map((averageMs, i) => candidate("abc"[i]!, { peak: { averageMs } }));
  const policy = new LoadAware<TestCandidate>(() => 0, () => 0);
  policy.update([a!, b!, c!]);
  assert.equal(policy.pick(), a);
  assert.equal(policy.pick(new Set([a!])), c);
  a!.full = true;
  assert.equal(policy.pick(new Set([c!])), b);
  assert.equal(policy.pick(new Set([b!, c!])), undefined);
});

// traefik#12306: of 5 equal servers one got 5 of 1500 requests.
for (
  const { clients, ms } of [{ clients: 1, ms: 20 }, { clients: 1, ms: 200 }, { clients: 4, ms: 60 }, {
    clients: 16,
    ms: 20,
  }, { clients: 50, ms: 5 }]
) {
  test(`LoadAware.pick() gives each of 5 equals near a fifth (${clients} clients, ${ms} ms)`, () => {
    for (let seed = 0; seed < 3; seed++) {
      const random = new Random(seed);
      const counts = run(measured(5), random, { clients, minutes: 3, timeOf: () => exponential(random, ms) });
      const fair = sum(counts) / 5;
      for (const count of counts) assert.ok(count > 0.7 * fair && count < 1.3 * fair, `${counts}`);
    }
  });
}

test("LoadAware.pick() shares the first 1500 requests of 5 equals out fairly as well", () => {
  const random = new Random(11);
  const counts = run(measured(5), random, {
    clients: 10,
    minutes: 0.05,
    timeOf: () => 10 + 20 * random.fraction(),
  });
  for (const count of counts) {
    assert.ok(count > sum(counts) / 10 && count < 3 * sum(counts) / 10, `${counts}`);
  }
});

for (const clients of [1, 4, 16, 64]) {
  test(`LoadAware.pick() gives one of 4 that is 10 times slower little, but some (${clients} clients)`, () => {
    const random = new Random(5);
    const all = measured(4);
    const counts = run(all, random, {
      clients,
      minutes: 2,
      timeOf: (one) => (one === all[0] ? 200 : 20) * (0.5 + random.fraction()),
    });
    assert.ok(counts[0]! > 0 && counts[0]! < sum(counts) / 40, `${counts}`);
  });
}

test("LoadAware.pick() gives less where it takes longer, in the order of the latencies", () => {
  const random = new Random(6);
  const all = measured(4);
  const counts = run(all, random, {
    clients: 24,
    minutes: 2,
    timeOf: (one) => 20 * (1 + all.indexOf(one)) * (0.5 + random.fraction()),
  });
  for (let i = 1; i < 4; i++) assert.ok(counts[i]! < 0.9 * counts[i - 1]!, `${counts}`);
});

test("LoadAware.pick() shares by weight where servers of different weights are equally fast", () => {
  const random = new Random(7);
  const weights = [1, 2, 4];
  // Whoever is picked more often has more of the high samples, which count for more: light ones gain by that.
  for (const clients of [1, 40]) {
    const counts = run(measuring(...weights), random, {
      clients,
      minutes: 2,
      timeOf: () => 20 * (0.8 + 0.4 * random.fraction()),
    });
    counts.forEach((count, i) => {
      const fair = sum(counts) * weights[i]! / 7;
      assert.ok(count > 0.7 * fair && count < 1.6 * fair, `${clients} clients: ${counts}`);
    });
  }
});

// From 5 s down to the others' 50 ms it is 10 s × ln(100); a share of some percent comes before that.
for (const clients of [1, 8]) {
  test(`LoadAware.pick() tries one that took 5 s once again within 50 s, and forgives it (${clients} clients)`, () => {
    const random = new Random(8);
    const all = measured(3);
    for (const one of all) {
      one.latency.add(50, 0);
      one.peak.add(one === all[0] ? 5000 : 50, 0);
    }
    let triedAt = Infinity;
    let late = 0;
    let lateAll = 0;
    run(all, random, {
      clients,
      minutes: 5,
      timeOf(one, now) {
        if (one === all[0]) triedAt = Math.min(triedAt, now);
        if (now > 180_000) lateAll++;
        if (now > 180_000 && one === all[0]) late++;
        return 50 * (0.5 + random.fraction());
      },
    });
    assert.ok(triedAt > 1000 && triedAt <= 50_000, `${triedAt}`);
    assert.ok(late > lateAll / 5, `${late} of ${lateAll}`);
  });
}

test("LoadAware.pick() moves requests away from a server that reports to be busy", () => {
  const random = new Random(9);
  const all = measured(3);
  const counts = run(all, random, {
    clients: 6,
    minutes: 1,
    timeOf: () => 20 * (0.5 + random.fraction()),
    onDone: (one, now) => one.report = { utilization: one === all[0] ? 0.9 : 0.2, at: now },
  });
  assert.ok(counts[0]! > 0 && counts[0]! < sum(counts) / 10, `${counts}`);
});

function run(all: readonly Measured[], random: Random, load: Load): number[] {
  return simulate((now) => new LoadAware<Measured>(now, () => random.fraction()), all, load);
}
