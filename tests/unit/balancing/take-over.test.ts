// A reload makes a policy anew: it goes on where the one before it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Best } from "../../../src/balancing/best.ts";
import type { PolicyName } from "../../../src/base/policies.ts";
import { createPolicy } from "../../../src/balancing/create-policy.ts";
import { equals, pickNames, type TestCandidate, weighing } from "./support.ts";

const inTurn: PolicyName[] = ["roundrobin", "leastconn", "best", "latency", "hash"];
for (const name of inTurn) {
  test(`the policy ${name} goes on in the turn of the one before it, with candidates made anew`, () => {
    let policy = createPolicy<TestCandidate>(name);
    policy.update(equals(3));
    let picked = "";
    for (let reload = 0; reload < 12; reload++) {
      const next = createPolicy<TestCandidate>(name);
      next.takeOver!(policy);
      next.update(equals(3));
      policy = next;
      picked += pickNames(policy, 1);
    }
    assert.equal(picked, "abcabcabcabc");
  });
}

test("the policy roundrobin keeps the credits of weights over reloads", () => {
  const straight = createPolicy<TestCandidate>("roundrobin");
  straight.update(weighing(5, 1, 1));
  let policy = createPolicy<TestCandidate>("roundrobin");
  policy.update(weighing(5, 1, 1));
  let picked = "";
  for (let reload = 0; reload < 14; reload++) {
    const next = createPolicy<TestCandidate>("roundrobin");
    next.takeOver!(policy);
    next.update(weighing(5, 1, 1));
    policy = next;
    picked += pickNames(policy, 1);
  }
  assert.equal(picked, pickNames(straight, 14));
});

test("a policy passes over who is gone, and takes over nothing from one of another kind", () => {
  const before = createPolicy<TestCandidate>("roundrobin");
  before.update(equals(4));
  pickNames(before, 1);
  const next = createPolicy<TestCandidate>("roundrobin");
  next.takeOver!(before);
  next.update(equals(4).filter(({ name }) => name !== "b"));
  assert.equal(pickNames(next, 3), "cda");
  const other = createPolicy<TestCandidate>("leastconn");
  other.takeOver!(before);
  other.update(equals(4));
  assert.equal(pickNames(other, 4), "abcd");
});

test("an average goes on fading over a reload", () => {
  let now = 0;
  const measured = () => {
    const all = equals(2);
    all[0]!.latency.averageMs = 60;
    all[1]!.latency.averageMs = 20;
    return all;
  };
  const before = new Best<TestCandidate>(() => now);
  before.update(measured());
  now = 30_000;
  assert.equal(before.pick()!.name, "b"); // 2.5 for 7.5; from now on 20 for 7.5
  const next = new Best<TestCandidate>(() => now);
  next.takeOver(before);
  next.update(measured());
  assert.equal(pickNames(next, 1), "a");
});
