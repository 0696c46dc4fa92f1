import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomOfTwo } from "../../../src/balancing/random.ts";
import { Random } from "../../support/codec/random.ts";
import {
  assertFits,
  candidate,
  countPicks,
  equals,
  randomWeights,
  type TestCandidate,
  weighing,
} from "./support.ts";

/** The highest number below 1: the most that a random number can be. */
const ALMOST_ONE = 1 - 2 ** -53;

function over(candidates: readonly TestCandidate[], random: () => number): RandomOfTwo<TestCandidate> {
  const policy = new RandomOfTwo<TestCandidate>(random);
  policy.update(candidates);
  return policy;
}

function seeded(candidates: readonly TestCandidate[], seed: number): RandomOfTwo<TestCandidate> {
  const random = new Random(seed);
  return over(candidates, () => random.fraction());
}

/** What `candidates` get where the random numbers are these, in this order. */
function pickWith(candidates: readonly TestCandidate[], ...numbers: number[]): TestCandidate | undefined {
  const policy = over(candidates, () => {
    assert.ok(numbers.length > 0, "more random numbers asked for than expected");
    return numbers.shift()!;
  });
  return policy.pick();
}

test("RandomOfTwo.pick() finds none among none, and the only one among one", () => {
  assert.equal(pickWith([]), undefined);
  const [only] = equals(1);
  assert.equal(pickWith([only!], 0.9), only);
  only!.full = true;
  assert.equal(pickWith([only!], 0.9), undefined);
});

test("RandomOfTwo.pick() shares idle candidates out by weight, for any weights", () => {
  const random = new Random(1);
  for (let round = 0; round < 40; round++) {
    const weights = randomWeights(random, 1 + random.below(12), random.pick([1, 3, 10, 100]));
    const all = weighing(...weights);
    assertFits(countPicks(seeded(all, round), all, 10_000), weights);
  }
});

test("RandomOfTwo.pick() shares equally busy candidates out by weight", () => {
  const weights = [1, 2, 3, 4];
  const all = weights.map((weight, i) => candidate("abcd"[i]!, { weight, inFlight: 6 * weight }));
  assertFits(countPicks(seeded(all, 5), all, 20_000), weights);
});

// Weights as tickets: candidate i has weights[i] of them. The first draw takes one of all, the second one of
// those left when the first one's tickets are out. The first is busy, so that the second draw shows.
for (const weights of [[1, 1], [1, 1, 1], [2, 1, 3], [5, 1], [1, 5], [1, 9, 1, 4], [3, 3, 3, 3, 3]]) {
  test(`RandomOfTwo.pick() maps its draws to two candidates by weight (${weights.join(":")})`, () => {
    const tickets = weights.flatMap((weight, i) => Array.from({ length: weight }, () => i));
    for (const [point, first] of tickets.entries()) {
      const left = tickets.filter((ticket) => ticket !== first);
      for (const [other, second] of left.entries()) {
        for (const inside of [0, 0.5, 0.999]) {
          const all = weighing(...weights);
          all[first]!.inFlight = 1;
          const draws = [(point + 0.5) / tickets.length, nudged(other, inside, left.length)];
          assert.equal(pickWith(all, ...draws), all[second]);
        }
      }
    }
  });
}

test("RandomOfTwo.pick() never draws the same candidate twice, nor none, at the ends of the draws", () => {
  const random = new Random(3);
  for (let round = 0; round < 3000; round++) {
    const weights = randomWeights(random, 2 + random.below(6), random.pick([1, 3, 1000, 1_000_003]));
    const firstDraw = random.pick([0, ALMOST_ONE, random.fraction()]);
    const secondDraw = random.pick([0, ALMOST_ONE, random.fraction()]);
    const first = pickWith(weighing(...weights), firstDraw, secondDraw)!; // all idle: the first drawn wins
    const all = weighing(...weights);
    all.find(({ name }) => name === first.name)!.inFlight = 1;
    const second = pickWith(all, firstDraw, secondDraw);
    assert.ok(second !== undefined && second.name !== first.name);
  }
});

const duels: [
  first: [inFlight: number, weight: number],
  second: [number, number],
  picked: "first" | "second",
][] = [
  [[0, 1], [0, 1], "first"],
  [[3, 1], [3, 1], "first"],
  [[1, 1], [0, 1], "second"],
  [[0, 1], [1, 1], "first"],
  [[2, 4], [1, 1], "first"],
  [[2, 4], [1, 2], "first"],
  [[3, 4], [1, 2], "second"],
  [[1, 3], [2, 7], "second"],
  [[2, 7], [1, 3], "first"],
];
for (const [first, second, picked] of duels) {
  test(`RandomOfTwo.pick() decides ${first.join("/")} against ${second.join("/")} for the ${picked}`, () => {
    const one = candidate("first", { inFlight: first[0], weight: first[1] });
    const other = candidate("second", { inFlight: second[0], weight: second[1] });
    assert.equal(pickWith([one, other], 0, 0.5)?.name, picked);
    assert.equal(pickWith([other, one], ALMOST_ONE, 0.5)?.name, picked);
  });
}

test("RandomOfTwo.pick() leaves a full one out, whichever draw it comes in, however idle it is", () => {
  const full = candidate("full", { full: true });
  const busy = candidate("busy", { inFlight: 50 });
  assert.equal(pickWith([full, busy], 0, 0), busy);
  assert.equal(pickWith([full, busy], ALMOST_ONE, 0), busy);
});

test("RandomOfTwo.pick() finds the only free one among many full ones, every time", () => {
  for (const count of [2, 3, 50]) {
    const all = weighing(...randomWeights(new Random(count), count, 5));
    for (const one of all) one.full = true;
    const policy = seeded(all, count);
    assert.equal(policy.pick(), undefined);
    for (const free of all) {
      free.full = false;
      for (let i = 0; i < 20; i++) assert.equal(policy.pick(), free);
      free.full = true;
    }
  }
});

test("RandomOfTwo.pick() picks every free one while others are full", () => {
  const all = equals(10);
  for (const one of all.slice(0, 7)) one.full = true;
  const counts = countPicks(seeded(all, 4), all, 3000);
  assert.deepEqual(counts.slice(0, 7), [0, 0, 0, 0, 0, 0, 0]);
  assertFits(counts.slice(7), [1, 1, 1]);
});

for (const clients of [1, 4, 20]) {
  test(`RandomOfTwo.pick() gives each of 5 equals 0.9 to 1.1 of a fair share with ${clients} clients`, () => {
    const random = new Random(clients);
    const all = equals(5);
    const policy = seeded(all, clients + 100);
    const counts = new Map(all.map((one) => [one, 0]));
    const underWay: TestCandidate[] = [];
    for (let i = 0; i < 20_000; i++) {
      if (underWay.length === clients) underWay.splice(random.below(clients), 1)[0]!.inFlight--;
      const picked = policy.pick()!;
      picked.inFlight++;
      underWay.push(picked);
      counts.set(picked, counts.get(picked)! + 1);
    }
    for (const count of counts.values()) assert.ok(count >= 3600 && count <= 4400, `${count} of 4000`);
  });
}

test("RandomOfTwo.pick() throws 100 balls into 100 bins with a highest bin of 3 at most, on average", () => {
  const runs = 100;
  let ofTwo = 0;
  let ofOne = 0;
  for (let run = 0; run < runs; run++) {
    const highest = highestBin(seeded(equals(100), run), 100);
    assert.ok(highest <= 4, `${highest}`);
    ofTwo += highest / runs;
    ofOne += highestOfOneChoice(new Random(run), 100, 100) / runs;
  }
  assert.ok(ofTwo <= 3 && ofOne >= ofTwo + 1, `${ofTwo} with two choices, ${ofOne} with one`);
});

test("RandomOfTwo.pick() keeps the highest bin within 4 of the mean with 100 balls per bin", () => {
  for (let run = 0; run < 10; run++) {
    const highest = highestBin(seeded(equals(100), run), 10_000);
    assert.ok(highest <= 104, `${highest}`);
    assert.ok(highestOfOneChoice(new Random(run), 100, 10_000) >= 115);
  }
});

/** A draw that falls into the `at`th of `count` equal parts, at this fraction of it. */
function nudged(at: number, inside: number, count: number): number {
  // The start of a part, rounded, may lie just below it.
  return Math.min(ALMOST_ONE, (at + Math.max(inside, 1e-9)) / count);
}

function highestBin(policy: RandomOfTwo<TestCandidate>, balls: number): number {
  let highest = 0;
  for (let i = 0; i < balls; i++) highest = Math.max(highest, ++policy.pick()!.inFlight);
  return highest;
}

function highestOfOneChoice(random: Random, bins: number, balls: number): number {
  const loads = Array.from({ length: bins }, () => 0);
  for (let i = 0; i < balls; i++) loads[random.below(bins)]!++;
  return Math.max(...loads);
}
