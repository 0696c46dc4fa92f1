import assert from "node:assert/strict";
import { test } from "node:test";
import { Best, score, shareLeft } from "../../../src/balancing/best.ts";
import { Fastest } from "../../../src/balancing/fastest.ts";
import { createPolicy } from "../../../src/balancing/create-policy.ts";
import type { Policy } from "../../../src/balancing/policy.ts";
import { Random } from "../../support/codec/random.ts";
import { candidate, equals, type TestCandidate } from "./support.ts";

const SERVERS = 1000;
const PICKS = 200;

/** How many servers `policy` looks at for a pick, on average, where a few of 1,000 have a request under way. */
function looksPerPick(policy: Policy<TestCandidate>): number {
  let looks = 0;
  const all = Array.from({ length: SERVERS }, (_, i) => {
    const one = candidate(`http://10.0.0.${i}`, { probeMs: 5 + i });
    return new Proxy(one, {
      get(target, property, receiver) {
        if (property === "inFlight" || property === "full" || property === "probeMs") looks++;
        return Reflect.get(target, property, receiver);
      },
    });
  });
  policy.update(all);
  const underWay: TestCandidate[] = [];
  let sum = 0;
  for (let i = 0; i < PICKS; i++) {
    looks = 0;
    const picked = policy.pick(undefined, `10.1.0.${i}`)!;
    sum += looks;
    picked.inFlight++;
    underWay.push(picked);
    if (underWay.length > 32) underWay.shift()!.inFlight--;
  }
  return sum / PICKS;
}

for (
  const name of ["roundrobin", "leastconn", "random", "first", "priority", "load_aware", "hash"] as const
) {
  test(`A pick of ${name} among 1,000 servers looks at a few of them`, () => {
    const looks = looksPerPick(createPolicy(name));
    assert.ok(looks < 24, `${looks}`);
  });
}

test("A pick of latency among 1,000 servers looks at a few of them, and at all of them every 20 ms", () => {
  const looks = looksPerPick(new Fastest<TestCandidate>(() => 0));
  assert.ok(looks < 2 * SERVERS / PICKS + 24, `${looks}`);
});

test("A pick of best among 1,000 servers looks at a few of them, and at all of them every 20 ms", () => {
  const looks = looksPerPick(new Best<TestCandidate>(() => 0));
  assert.ok(looks < SERVERS / PICKS + 24, `${looks}`);
});

test("Best.pick() picks a lowest score over hours, however long the pauses", () => {
  const random = new Random(5);
  let now = 0;
  const policy = new Best<TestCandidate>(() => now);
  const all = equals(5);
  for (const one of all) one.latency.averageMs = 1 + random.below(5000);
  policy.update(all);
  const pickedAt = new Map(all.map((one) => [one, 0]));
  for (let i = 0; i < 5000; i++) {
    now += random.pick([0, 3, random.below(1000), random.below(20_000), 5_000_000]);
    for (const one of all) one.inFlight = random.below(3);
    const scoreOf = (one: TestCandidate) => score(one, shareLeft(now - pickedAt.get(one)!));
    const lowest = Math.min(...all.map(scoreOf));
    const picked = policy.pick()!;
    assert.ok(scoreOf(picked) <= lowest * (1 + 1e-9), `${scoreOf(picked)} in place of ${lowest}`);
    pickedAt.set(picked, now);
  }
});

test("Best.pick() among many picks a lowest score of 20 ms before, and none that is full", () => {
  const random = new Random(6);
  let now = 0;
  const policy = new Best<TestCandidate>(() => now);
  const all = equals(200);
  for (const one of all) one.latency.averageMs = 1 + random.below(500);
  policy.update(all);
  const pickedAt = new Map(all.map((one) => [one, 0]));
  for (let i = 0; i < 2000; i++) {
    now += 20 + random.below(3000);
    const free = random.pick([1, 3, 100, 200]);
    for (const one of all) {
      one.inFlight = random.below(3);
      one.full = true;
    }
    for (let n = 0; n < free; n++) random.pick(all).full = false;
    const scoreOf = (one: TestCandidate) => score(one, shareLeft(now - pickedAt.get(one)!));
    const lowest = Math.min(...all.filter(({ full }) => !full).map(scoreOf));
    const picked = policy.pick()!;
    assert.equal(picked.full, false);
    assert.ok(scoreOf(picked) <= lowest * (1 + 1e-9), `${scoreOf(picked)} in place of ${lowest}`);
    pickedAt.set(picked, now);
  }
  for (const one of all) one.full = true;
  assert.equal(policy.pick(), undefined);
  all[7]!.full = false; // within the same 20 ms
  assert.equal(policy.pick(), all[7]);
});

test("Best.pick() among many spreads a burst, as a pick counts at once", () => {
  const policy = new Best<TestCandidate>(() => 0);
  const all = equals(100);
  policy.update(all);
  const picked = new Set<TestCandidate | undefined>();
  for (let i = 0; i < 100; i++) {
    const one = policy.pick()!;
    one.inFlight++;
    picked.add(one);
  }
  assert.equal(picked.size, 100);
});
