import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentKeys } from "../../../src/access/recent-keys.ts";

test("RecentKeys.has() finds a key until its life after the last use is over", () => {
  let now = 0;
  const keys = new RecentKeys({ limit: 10, lifeMs: 100, now: () => now });
  keys.add("a");
  now = 99;
  assert.equal(keys.has("a"), true);
  now = 198;
  assert.equal(keys.has("a"), true);
  now = 298;
  assert.equal(keys.has("a"), false);
  assert.equal(keys.has("a"), false);
});

test("RecentKeys.add() drops the least recently used key beyond its limit", () => {
  const keys = new RecentKeys({ limit: 2, lifeMs: 100, now: () => 0 });
  keys.add("a");
  keys.add("b");
  keys.has("a");
  keys.add("c");
  assert.deepEqual(["a", "b", "c"].filter((key) => keys.has(key)), ["a", "c"]);
});

test("RecentKeys.add() of a key that is there drops none", () => {
  const keys = new RecentKeys({ limit: 2, lifeMs: 100, now: () => 0 });
  for (const key of ["a", "b", "b", "b"]) keys.add(key);
  assert.equal(keys.has("a"), true);
});
