import assert from "node:assert/strict";
import { test } from "node:test";
import { Endurance } from "../../../src/upstream/endurance.ts";

test("Endurance covers nothing before a connection has lived unused for a while", () => {
  const endurance = new Endurance();
  assert.equal(endurance.covers(0), false);
  endurance.survived(49, 49);
  assert.equal(endurance.covers(0), false);
  endurance.survived(100, 100);
  assert.equal(endurance.covers(0), true);
});

test("Endurance covers three quarters of the longest time that a connection lived unused", () => {
  const endurance = new Endurance();
  endurance.survived(2000, 2000);
  endurance.survived(100, 2100);
  assert.deepEqual([1500, 1501, NaN].map((age) => endurance.covers(age)), [true, false, false]);
});

test("Endurance covers less at once when a server closes earlier, and believes nothing longer for a while", () => {
  const endurance = new Endurance();
  endurance.survived(10_000, 10_000);
  endurance.closed(2000, 20_000);
  assert.equal(endurance.covers(1501), false);
  endurance.survived(10_000, 59_999);
  assert.equal(endurance.covers(1501), false);
  endurance.survived(10_000, 60_000);
  assert.equal(endurance.covers(7500), true);
});

test("Endurance learns nothing of a close whose time is not known, nor of a late one", () => {
  const endurance = new Endurance();
  endurance.survived(1000, 1000);
  endurance.closed(NaN, 1000);
  endurance.closed(5000, 6000);
  assert.equal(endurance.covers(750), true);
});
