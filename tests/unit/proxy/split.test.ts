import assert from "node:assert/strict";
import { test } from "node:test";
import type { IncomingRequest } from "../../../src/message/incoming-request.ts";
import { compileSplit } from "../../../src/proxy/split.ts";

const KEYS = Array.from({ length: 20_000 }, (_, i) => `192.0.2.${i}`);
const requestOf = (method: string) => ({ method }) as IncomingRequest;
const keyOf = ({ method }: IncomingRequest) => method;
type Weights = readonly (readonly [string, number])[];

function spread(weights: Weights): Map<string, string> {
  const choose = compileSplit({ weights, keyOf });
  return new Map(KEYS.map((key) => [key, choose(requestOf(key))]));
}

const share = (found: Map<string, string>, target: string) =>
  [...found.values()].filter((one) => one === target).length / KEYS.length;

test("compileSplit() gives each target its share of the keys, always the same ones", () => {
  const found = spread([["a", 90], ["b", 10], ["c", 0]]);
  assert.ok(Math.abs(share(found, "b") - 0.1) < 0.011, String(share(found, "b"))); // 5 standard deviations
  assert.equal(share(found, "c"), 0);
  assert.deepEqual(spread([["a", 90], ["b", 10], ["c", 0]]), found);
});

test("compileSplit() moves no client of a canary away when it grows", () => {
  const before = spread([["a", 95], ["b", 5]]);
  const after = spread([["a", 80], ["b", 20]]);
  for (const [key, target] of before) if (target === "b") assert.equal(after.get(key), "b");
  assert.ok(share(after, "b") > share(before, "b") + 0.1);
});

test("compileSplit() draws where there is no key", () => {
  const points = [0, 0.49, 0.5, 0.999];
  const choose = compileSplit({ weights: [["a", 1], ["b", 1]], random: () => points.shift()! });
  assert.deepEqual([1, 2, 3, 4].map(() => choose(requestOf("GET"))), ["a", "a", "b", "b"]);
});
