import assert from "node:assert/strict";
import { test } from "node:test";
import { Rendezvous } from "../../../src/balancing/rendezvous.ts";
import { Random } from "../../support/codec/random.ts";
import {
  assertFits,
  candidate,
  countPicks,
  equals,
  pickNames,
  randomWeights,
  subset,
  sum,
  type TestCandidate,
} from "./support.ts";

const KEYS: readonly string[] = Array.from({ length: 20_000 }, (_, i) => `/item/${i}`);

/** Servers as they are called in life: much alike. */
function servers(...weights: number[]): TestCandidate[] {
  return weights.map((weight, i) => candidate(`http://10.0.0.${i + 1}:8080`, { weight }));
}

function ones(count: number): number[] {
  return Array.from({ length: count }, () => 1);
}

function over(candidates: readonly TestCandidate[], loadFactor = 0): Rendezvous<TestCandidate> {
  const policy = new Rendezvous<TestCandidate>(loadFactor);
  policy.update(candidates);
  return policy;
}

/** Name of the server of each key, where `candidates` are there. */
function placesOf(candidates: readonly TestCandidate[], keys = KEYS): (string | undefined)[] {
  const policy = over(candidates);
  return keys.map((key) => policy.pick(undefined, key)?.name);
}

function countsOf(candidates: readonly TestCandidate[], places: readonly (string | undefined)[]): number[] {
  const counts = new Map<string | undefined, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  return candidates.map(({ name }) => counts.get(name) ?? 0);
}

test("Rendezvous.pick() gives a key the same server each time, and other keys other servers", () => {
  const policy = over(servers(...ones(5)));
  for (const key of KEYS.slice(0, 100)) {
    const first = policy.pick(undefined, key);
    for (let i = 0; i < 5; i++) assert.equal(policy.pick(undefined, key), first);
  }
  assert.equal(new Set(placesOf(servers(...ones(5)))).size, 5);
});

test("Rendezvous.pick() gives a key the same server in any order of the config", () => {
  const random = new Random(1);
  const all = servers(...randomWeights(random, 12, 5));
  const places = placesOf(all);
  for (let round = 0; round < 5; round++) {
    const shuffled = all.toSorted(() => random.fraction() - 0.5);
    assert.deepEqual(placesOf(shuffled), places);
  }
});

test("Rendezvous.pick() shares keys out by weight, for any weights", () => {
  const random = new Random(2);
  for (let round = 0; round < 20; round++) {
    const weights = randomWeights(random, 1 + random.below(12), random.pick([1, 3, 10, 100]));
    const all = servers(...weights);
    assertFits(countsOf(all, placesOf(all)), weights);
  }
});

test("Rendezvous.pick() takes empty keys and keys of any characters", () => {
  const policy = over(servers(1, 1));
  for (const key of ["", "\0", "č", "x".repeat(20_000)]) {
    assert.notEqual(policy.pick(undefined, key), undefined);
  }
});

for (let leaver = 0; leaver < 10; leaver++) {
  test(`Rendezvous.pick() moves only the keys of the server that leaves, a tenth (number ${leaver})`, () => {
    const all = servers(...ones(10));
    const before = placesOf(all);
    const after = placesOf(all.toSpliced(leaver, 1));
    const moved = KEYS.filter((_, i) => before[i] !== after[i]).length;
    KEYS.forEach((_, i) => {
      if (before[i] !== all[leaver]!.name) assert.equal(after[i], before[i]);
    });
    assert.ok(moved > 0 && moved <= KEYS.length * (1 / 10 + 0.02), `${moved}`);
    // They go to all others, not to one that would then be overrun.
    const gained = countsOf(all, after.filter((_, i) => before[i] !== after[i])).toSpliced(leaver, 1);
    assertFits(gained, ones(9));
  });
}

test("Rendezvous.pick() moves keys to a server that joins, and no other ones, under churn", () => {
  const random = new Random(3);
  const all = servers(...randomWeights(random, 9, 4));
  const keys = KEYS.slice(0, 500);
  let present = all;
  let before = placesOf(present, keys);
  for (let round = 0; round < 100; round++) {
    const next = subset(random, all, 0.7);
    const after = placesOf(next, keys);
    const had = new Set(present.map(({ name }) => name));
    const has = new Set(next.map(({ name }) => name));
    keys.forEach((_, i) => {
      if (before[i] === after[i]) return;
      assert.ok(
        before[i] === undefined || !has.has(before[i]!) || after[i] === undefined || !had.has(after[i]!),
      );
    });
    [present, before] = [next, after];
  }
});

test("Rendezvous.pick() moves keys only to a server that got heavier", () => {
  const lighter = servers(2, 2, 2, 2);
  const heavier = servers(2, 2, 3, 2);
  const [before, after] = [placesOf(lighter), placesOf(heavier)];
  KEYS.forEach((_, i) => assert.ok(before[i] === after[i] || after[i] === heavier[2]!.name));
});

test("Rendezvous.pick() goes on in the key's own order while servers are full or were tried", () => {
  const all = servers(...ones(4));
  const policy = over(all);
  for (const key of KEYS.slice(0, 200)) {
    const tried = new Set<TestCandidate>();
    const order: TestCandidate[] = [];
    for (let i = 0; i < 4; i++) {
      order.push(policy.pick(tried, key)!);
      tried.add(order[i]!);
    }
    assert.equal(new Set(order).size, 4);
    assert.equal(policy.pick(tried, key), undefined);
    order[0]!.full = true;
    assert.equal(policy.pick(undefined, key), order[1]);
    assert.equal(policy.pick(new Set([order[1]!]), key), order[2]);
    order[0]!.full = false;
    assert.equal(policy.pick(undefined, key), order[0]);
    // Without the first the second is first: what a retry meets stays warm.
    assert.equal(over(all.filter((one) => one !== order[0])).pick(undefined, key), order[1]);
  }
});

test("Rendezvous.pick() without a key is smooth round robin by weight", () => {
  assert.equal(pickNames(over(equals(3)), 6), "abcabc");
  const all = servers(1, 3);
  assert.deepEqual(countPicks(over(all), all, 400), [100, 300]);
});

for (const loadFactor of [1.1, 1.25, 2]) {
  test(`Rendezvous.pick() keeps every server within ${loadFactor} of its share, under one hot key and many`, () => {
    const random = new Random(4);
    for (let round = 0; round < 30; round++) {
      const weights = randomWeights(random, 2 + random.below(8), random.pick([1, 5]));
      const all = servers(...weights);
      const policy = over(all, loadFactor);
      const hot = random.pick([0, 0.5, 1]);
      const underWay: TestCandidate[] = [];
      for (let i = 0; i < 400; i++) {
        const key = random.chance(hot) ? "hot" : random.pick(KEYS);
        const picked = policy.pick(undefined, key)!;
        picked.inFlight++;
        underWay.push(picked);
        const bound = Math.ceil(loadFactor * underWay.length * picked.weight / sum(weights) - 1e-9);
        assert.ok(picked.inFlight <= bound, `${picked.inFlight} of ${bound}`);
        if (random.chance(0.4)) underWay.splice(random.below(underWay.length), 1)[0]!.inFlight--;
      }
    }
  });
}

test("Rendezvous.pick() passes a server over only while it is above its bound", () => {
  const all = servers(...ones(4));
  const policy = over(all, 1.5);
  const [first, second] = orderOf(all, "k");
  assert.equal(policy.pick(undefined, "k"), first);
  first!.inFlight = 1; // the bound is ceil(1.5 × 2 / 4) = 1
  assert.equal(policy.pick(undefined, "k"), second);
  for (const one of all) one.inFlight = 1; // ceil(1.5 × 5 / 4) = 2
  assert.equal(policy.pick(undefined, "k"), first);
});

test("Rendezvous.pick() exceeds the bound rather than fail where all others are full", () => {
  const all = servers(...ones(3));
  const policy = over(all, 1.1);
  const [first, ...others] = orderOf(all, "k");
  first!.inFlight = 100;
  for (const one of others) one.full = true;
  assert.equal(policy.pick(undefined, "k"), first);
});

test("Rendezvous.pick() has no bound without a load factor", () => {
  const all = servers(...ones(3));
  const [first] = orderOf(all, "k");
  first!.inFlight = 1000;
  assert.equal(over(all).pick(undefined, "k"), first);
});

function orderOf(all: readonly TestCandidate[], key: string): TestCandidate[] {
  const policy = over(all);
  const order = new Set<TestCandidate>();
  for (let i = 0; i < all.length; i++) order.add(policy.pick(order, key)!);
  return [...order];
}
