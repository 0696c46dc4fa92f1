import assert from "node:assert/strict";
import { test } from "node:test";
import { tokensOf } from "../../../src/limits/bucket.ts";
import { BucketTable } from "../../../src/limits/bucket-table.ts";

/** Ten a second, three at once. */
const SIZE = { interval: 100, burst: 3 };

/** Takes a token for `key`, if there is one. */
function take(table: BucketTable, key: string, now: number): boolean {
  if (table.look(key, now) > 0) return false;
  table.take(now);
  return true;
}

function taken(table: BucketTable, key: string, times: readonly number[]): string {
  return times.map((now) => take(table, key, now) ? "+" : "-").join("");
}

const CASES: [what: string, times: number[], result: string][] = [
  ["lets a burst through, and no more", [0, 0, 0, 0, 0], "+++--"],
  ["gets a token back in each interval", [0, 0, 0, 99, 100, 100, 200], "+++-+-+"],
  ["is never fuller than full", [0, 5000, 5000, 5000, 5000], "++++-"],
  ["takes nothing for who is refused", [0, 0, 0, 50, 60, 70, 100], "+++---+"],
  ["gives nothing away where a clock goes back", [500, 500, 400, 500], "++-+"],
];
for (const [what, times, result] of CASES) {
  test(`BucketTable: a bucket ${what}`, () => {
    assert.equal(taken(new BucketTable(SIZE, 10), "a", times), result);
  });
}

test("BucketTable.look() says how long it takes until there is a token", () => {
  const table = new BucketTable(SIZE, 10);
  for (let i = 0; i < 3; i++) take(table, "a", 1000);
  assert.equal(table.look("a", 1000), 100);
  assert.equal(table.look("a", 1075), 25);
  assert.equal(table.look("a", 1100), 0);
  assert.equal(table.look("b", 1000), 0);
});

test("BucketTable lets as many through as a bucket that is counted step by step", () => {
  const size = { interval: 1000 / 3, burst: 7 };
  const table = new BucketTable(size, 10);
  let tokens = size.burst, last = 0, seed = 1;
  for (let now = 0; now < 200_000;) {
    seed = (seed * 48271) % 2147483647;
    now += seed % 700;
    tokens = Math.min(size.burst, tokens + (now - last) / size.interval);
    last = now;
    const wanted = tokens >= 1 - 1e-6;
    assert.equal(take(table, "a", now), wanted, `at ${now}`);
    if (wanted) tokens--;
    assert.equal(tokensOf(table.fullAt, now, size), Math.floor(tokens + 1e-6));
  }
});

test("BucketTable.giveBack() puts a token back", () => {
  const table = new BucketTable(SIZE, 10);
  assert.equal(taken(table, "a", [0, 0, 0]), "+++");
  table.giveBack("a");
  table.giveBack("nobody");
  assert.equal(taken(table, "a", [0, 0]), "+-");
});

test("BucketTable.put() has a bucket be as it is elsewhere, and takes nobody's place for that", () => {
  const table = new BucketTable(SIZE, 1);
  table.put("full", 0, 0);
  assert.equal(table.keys, 0);
  table.put("a", 2 * SIZE.interval, 0);
  assert.equal(taken(table, "a", Array(SIZE.burst).fill(0)), "+".repeat(SIZE.burst - 2) + "--");
  table.put("a", SIZE.interval, 0);
  assert.equal(taken(table, "a", Array(SIZE.burst).fill(0)), "+".repeat(SIZE.burst - 1) + "-");
  table.put("b", SIZE.interval * SIZE.burst, 0);
  assert.equal(taken(table, "b", [0]), "+"); // of a shared one
  assert.equal(table.keys, 1);
});

test("BucketTable keeps to its number of keys, and those who are known keep their buckets in a flood", () => {
  const table = new BucketTable({ interval: 1000, burst: 2 }, 100);
  const good = Array.from({ length: 50 }, (_, i) => `good ${i}`);
  for (const key of good) assert.equal(taken(table, key, [0, 0]), "++");
  let shared = 0;
  for (let i = 0; i < 20_000; i++) {
    table.look(`flood ${i}`, 10);
    if (table.isShared) shared++;
    if (table.look(`flood ${i}`, 10) === 0) table.take(10);
    assert.ok(table.keys <= 100);
  }
  assert.equal(shared, 19_950);
  // Each has the token that came back in a second, and no other: nobody has taken it, and nobody has it from new.
  for (const key of good) assert.equal(taken(table, key, [500, 1000, 1000]), "-+-");
});

test("BucketTable gives the places of buckets that are full again to new keys", () => {
  const table = new BucketTable({ interval: 10, burst: 1 }, 100);
  for (let i = 0; i < 50_000; i++) {
    assert.ok(take(table, `key ${i}`, i), `key ${i}`);
    assert.ok(!table.isShared);
  }
  assert.ok(table.keys <= 100);
  const few = new BucketTable({ interval: 10, burst: 1 }, 100_000);
  for (let i = 0; i < 50_000; i++) take(few, `key ${i}`, i);
  assert.ok(few.keys < 50, `${few.keys} keys where ten are not full`); // nor does a large table fill up without need
});

test("BucketTable has keys that it has no place for share buckets of the same size", () => {
  const table = new BucketTable({ interval: 1000, burst: 1 }, 1);
  assert.ok(take(table, "known", 0));
  assert.equal(taken(table, "new", [0, 0, 1000]), "+-+");
  let through = 0;
  for (let i = 0; i < 100_000; i++) if (take(table, `new ${i}`, 5000 + i / 1e6)) through++;
  assert.ok(through > 900 && through <= 1025, `${through} of 1024 buckets`);
});
