import assert from "node:assert/strict";
import { test } from "node:test";
import { Best, score, shareLeft } from "../../../src/balancing/best.ts";
import { Random } from "../../support/codec/random.ts";
import { exponential, type Load, type Measured, measured, MINUTE, simulate } from "./simulation.ts";
import { candidate, equals, pickNames, sum, type TestCandidate } from "./support.ts";

const scores: [averageMs: number | undefined, inFlight: number, agoMs: number, expected: number][] = [
  [undefined, 0, 0, 50],
  [undefined, 3, 0, 200],
  [0, 0, 0, 0],
  [0, 2, 0, 100],
  [80, 0, 0, 80],
  [80, 1, 0, 130],
  [12.5, 4, 0, 212.5],
  [80, 0, 10_000, 40],
  [80, 1, 20_000, 70],
  [5000, 0, 100_000, 5000 / 1024],
  [80, 0, -500, 80], // a clock that went back adds nothing
];
for (const [averageMs, inFlight, agoMs, expected] of scores) {
  test(`score() of ${averageMs} ms, ${inFlight} under way, unpicked for ${agoMs} ms is ${expected}`, () => {
    assert.equal(score(candidate("a", { inFlight, latency: { averageMs } }), shareLeft(agoMs)), expected);
  });
}

const picks: [
  states: [averageMs: number, inFlight: number, full?: boolean][],
  picked: string,
  why: string,
][] = [
  [[], "-", "finds none among none"],
  [[[900, 9]], "a", "picks the only one"],
  [[[30, 0], [20, 0], [40, 0]], "b", "picks the fastest of the idle"],
  [[[20, 1], [60, 0]], "b", "counts a request under way as 50 ms"],
  [[[20, 1], [80, 0]], "a", "prefers a fast one with a request to one that is 60 ms slower"],
  [[[20, 0, true], [900, 9]], "b", "leaves out a full one that would be best"],
  [[[20, 0, true], [20, 0, true]], "-", "finds none where all are full"],
];
for (const [states, picked, why] of picks) {
  test(`Best.pick() ${why}`, () => {
    const policy = new Best<TestCandidate>(() => 0);
    policy.update(
      states.map(([averageMs, inFlight, full = false], i) =>
        candidate("abc"[i]!, { inFlight, full, latency: { averageMs } })
      ),
    );
    assert.equal(pickNames(policy, 1), picked);
  });
}

test("Best.pick() lets equals take turns, measured or not, and skips a full one", () => {
  const policy = new Best<TestCandidate>(() => 0);
  const all = equals(3);
  policy.update(all);
  assert.equal(pickNames(policy, 6), "abcabc");
  for (const one of all) one.latency.averageMs = 70;
  assert.equal(pickNames(policy, 6), "abcabc");
  all[1]!.full = true;
  assert.equal(pickNames(policy, 4), "acac");
});

test("Best.pick() lets the best ones take turns where others are worse", () => {
  const policy = new Best<TestCandidate>(() => 0);
  const all = equals(4);
  policy.update(all);
  all[1]!.inFlight = 1;
  assert.equal(pickNames(policy, 6), "acdacd");
});

test("Best.pick() always picks a lowest score, under any loads and at any time", () => {
  const random = new Random(1);
  let now = 0;
  for (let round = 0; round < 2000; round++) {
    const policy = new Best<TestCandidate>(() => now);
    const all = equals(1 + random.below(8));
    for (const one of all) {
      one.inFlight = random.below(6);
      one.full = random.chance(0.2);
      one.latency.averageMs = random.pick([undefined, 50, random.below(400)]);
    }
    policy.update(all);
    const unpickedMs = random.below(60_000);
    now += unpickedMs;
    const picked = policy.pick();
    const lowest = Math.min(
      ...all.filter(({ full }) => !full).map((one) => score(one, shareLeft(unpickedMs))),
    );
    assert.equal(picked === undefined ? Infinity : score(picked, shareLeft(unpickedMs)), lowest);
  }
});

// A quarter of a fair share within 3 minutes, whatever the noise: times are exponential, mean `ms`.
const fairness = [
  { clients: 1, ms: 60, known: false },
  { clients: 1, ms: 200, known: false },
  { clients: 1, ms: 60, known: true },
  { clients: 1, ms: 20, known: true },
  { clients: 1, ms: 5, known: true },
  { clients: 1, ms: 20, known: false },
  { clients: 1, ms: 5, known: false },
  { clients: 2, ms: 5, known: false },
  { clients: 4, ms: 5, known: false },
  { clients: 4, ms: 60, known: false },
  { clients: 16, ms: 20, known: false },
  { clients: 16, ms: 200, known: false },
] as const;
for (const { clients, ms, known } of fairness) {
  const start = known ? "measured at the start" : "unknown at the start";
  test(`Best.pick() starves none of 4 equals of ${ms} ms, ${start}, with ${clients} clients`, () => {
    for (let seed = 0; seed < 3; seed++) {
      const random = new Random(seed);
      const all = measured(4);
      if (known) { for (const one of all) one.latency.add(exponential(random, ms), 0); }
      const counts = simulateBest(all, { clients, minutes: 3, timeOf: () => exponential(random, ms) });
      const fair = sum(counts) / all.length;
      for (const count of counts) assert.ok(count >= fair / 4, `${counts}`);
    }
  });
}

// A score that halves every 10 s is back at `ms` after 10 s × log2(5000 / ms); a tenth more is for noise.
for (const { clients, ms } of [{ clients: 1, ms: 20 }, { clients: 1, ms: 100 }, { clients: 8, ms: 20 }]) {
  const boundMs = Math.round(11_000 * Math.log2(5000 / ms));
  const title = `${clients} clients, ${ms} ms`;
  test(`Best.pick() tries one that took 5 s once again within ${boundMs} ms (${title})`, () => {
    const random = new Random(7);
    const all = measured(3);
    for (const one of all) one.latency.add(one === all[0] ? 5000 : ms, 0);
    let triedAt = Infinity;
    simulateBest(all, {
      clients,
      minutes: 3,
      timeOf(one, now) {
        if (one === all[0]) triedAt = Math.min(triedAt, now);
        return ms * (0.5 + random.fraction());
      },
    });
    assert.ok(triedAt <= boundMs, `${triedAt}`);
  });
}

test("Best.pick() gives one that took 5 s once half of a fair share again within 10 minutes", () => {
  const random = new Random(8);
  const all = measured(3);
  for (const one of all) one.latency.add(one === all[0] ? 5000 : 60, 0);
  const counts = all.map(() => 0);
  simulateBest(all, {
    clients: 1,
    minutes: 20,
    timeOf(one, now) {
      if (now > 10 * MINUTE) counts[all.indexOf(one)]!++;
      return 60 * (0.5 + random.fraction());
    },
  });
  assert.ok(counts[0]! >= sum(counts) / 6, `${counts}`);
});

for (const clients of [1, 4, 16]) {
  test(`Best.pick() gives a 5 times slower one some, but no quarter of a share (${clients} clients)`, () => {
    const random = new Random(9);
    const all = measured(4);
    const counts = simulateBest(all, {
      clients,
      minutes: 5,
      timeOf: (one) => (one === all[0] ? 300 : 60) * (0.5 + random.fraction()),
    });
    assert.ok(counts[0]! > 0 && counts[0]! < sum(counts) / 16, `${counts}`);
  });
}

function simulateBest(all: readonly Measured[], load: Load): number[] {
  return simulate((now) => new Best<Measured>(now), all, load);
}
