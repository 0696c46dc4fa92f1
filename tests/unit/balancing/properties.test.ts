import assert from "node:assert/strict";
import { test } from "node:test";
import { Best } from "../../../src/balancing/best.ts";
import type { PolicyName } from "../../../src/base/policies.ts";
import { createPolicy } from "../../../src/balancing/create-policy.ts";
import { Fastest } from "../../../src/balancing/fastest.ts";
import { First, Priority } from "../../../src/balancing/first.ts";
import { LeastConnections } from "../../../src/balancing/least-connections.ts";
import { LoadAware } from "../../../src/balancing/load-aware.ts";
import type { Policy } from "../../../src/balancing/policy.ts";
import { RandomOfTwo } from "../../../src/balancing/random.ts";
import { Rendezvous } from "../../../src/balancing/rendezvous.ts";
import { RoundRobin } from "../../../src/balancing/round-robin.ts";
import { Random } from "../../support/codec/random.ts";
import { candidate, equals, randomWeights, subset, type TestCandidate, weighing } from "./support.ts";

type Factory = (random: Random, now: () => number) => Policy<TestCandidate>;

const POLICIES: Readonly<Record<PolicyName, Factory>> = {
  roundrobin: () => new RoundRobin(),
  leastconn: () => new LeastConnections(),
  random: (random) => new RandomOfTwo(() => random.fraction()),
  priority: () => new Priority(),
  first: () => new First(),
  best: (_, now) => new Best(now),
  latency: () => new Fastest(),
  load_aware: (random, now) => new LoadAware(now, () => random.fraction()),
  hash: () => new Rendezvous(),
};
const NAMES = Object.keys(POLICIES) as PolicyName[];
/** Those that are to share out the load among equals. */
const SHARING: readonly PolicyName[] = NAMES.filter((name) => name !== "priority" && name !== "first");

for (const name of NAMES) {
  test(`createPolicy() makes "${name}" an own instance of its class`, () => {
    const policy = createPolicy(name);
    assert.equal(policy.constructor, POLICIES[name](new Random(0), () => 0).constructor);
    assert.notEqual(createPolicy(name), policy);
    assert.equal(policy.pick(), undefined);
  });

  test(`${name} picks one that is there and free, none only where there is no such, under churn`, () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      let now = 0;
      const policy = POLICIES[name](random, () => now);
      const all = weighing(...randomWeights(random, 1 + random.below(9), random.pick([1, 5])))
        .map((one) => candidate(one.name, { weight: one.weight, priority: random.below(3) }));
      let present: readonly TestCandidate[] = [];
      let none = 0;
      for (let round = 0; round < 400; round++) {
        now += random.below(5000);
        if (round === 0 || random.chance(0.5)) {
          present = Object.freeze(subset(random, all, random.pick([0, 0.3, 0.7, 1])));
          policy.update(present);
        }
        const fullness = random.pick([0, 0.5, 0.9, 1]);
        for (const one of all) {
          one.full = random.chance(fullness);
          one.inFlight = random.below(20);
          one.latency.averageMs = random.pick([undefined, 0, random.below(1000)]);
          one.peak.averageMs = random.pick([undefined, 0, random.below(1000)]);
          one.probeMs = random.pick([undefined, 0, random.below(1000)]);
          one.report = random.pick([undefined, { utilization: random.fraction(), at: now }]);
        }
        for (let i = 0; i < 3; i++) {
          const free = present.filter(({ full }) => !full);
          const tried = new Set(subset(random, present, 0.2));
          const untried = free.filter((one) => !tried.has(one));
          const key = random.pick([undefined, `k${random.below(100)}`]);
          const picked = policy.pick(tried.size === 0 ? undefined : tried, key);
          if (picked === undefined) none++;
          assert.ok(picked === undefined ? untried.length === 0 : untried.includes(picked));
        }
      }
      assert.ok(none > 0);
    }
  });

  test(`${name} changes nothing about the candidates`, () => {
    const random = new Random(3);
    const all = weighing(3, 1, 2);
    const state = () => structuredClone(all.map((one) => ({ ...one, failedLoad: one.failedLoad.isZero })));
    const before = state();
    const policy = POLICIES[name](random, () => 0);
    policy.update(all);
    for (let i = 0; i < 50; i++) policy.pick();
    assert.deepEqual(state(), before);
  });

  test(`${name} gives the picks to a candidate that is alone, and shares again when others return`, () => {
    const [a, b, c] = equals(3) as [TestCandidate, TestCandidate, TestCandidate];
    const policy = POLICIES[name](new Random(4), () => 0);
    for (let round = 0; round < 20; round++) {
      policy.update([a, b, c]);
      for (let i = 0; i < round; i++) policy.pick();
      policy.update([b]);
      for (let i = 0; i < 5; i++) assert.equal(policy.pick(), b);
      policy.update([]);
      assert.equal(policy.pick(), undefined);
    }
    policy.update([a, b, c]);
    const picked = new Set(Array.from({ length: 60 }, () => policy.pick()));
    assert.equal(picked.size, SHARING.includes(name) ? 3 : 1);
  });
}

for (const name of SHARING) {
  test(`${name} starves none of the equals that leave and return at random between requests`, () => {
    for (let seed = 0; seed < 5; seed++) {
      const random = new Random(seed);
      const all = equals(7);
      const policy = POLICIES[name](random, () => 0);
      const counts = new Map(all.map((one) => [one, { picked: 0, fair: 0 }]));
      for (let round = 0; round < 3000; round++) {
        const present = subset(random, all);
        policy.update(present);
        if (present.length === 0) continue;
        counts.get(policy.pick()!)!.picked++;
        for (const one of present) counts.get(one)!.fair += 1 / present.length;
      }
      for (const { picked, fair } of counts.values()) assert.ok(picked >= fair / 2, `${picked} of ${fair}`);
    }
  });

  test(`${name} starves none that stays while another one comes and goes in a fixed beat`, () => {
    for (const beat of [1, 2, 3, 4, 5, 6]) {
      for (let flapping = 0; flapping < 4; flapping++) {
        const all = equals(4);
        const stays = all.filter((_, at) => at !== flapping);
        const policy = POLICIES[name](new Random(beat), () => 0);
        const counts = new Map(all.map((one) => [one, 0]));
        for (let round = 0; round < 600; round++) {
          policy.update(round % 2 === 0 ? all : stays);
          for (let i = 0; i < beat; i++) {
            const picked = policy.pick()!;
            counts.set(picked, counts.get(picked)! + 1);
          }
        }
        const least = Math.min(...stays.map((one) => counts.get(one)!));
        assert.ok(least >= 600 * beat / 4 / 2, `${least} of ${600 * beat}, beat ${beat}, ${flapping} flaps`);
      }
    }
  });
}
