import assert from "node:assert/strict";
import { test } from "node:test";
import { RetryBudget } from "../../../src/backend/retry-budget.ts";

/** How many retries are allowed at `now`, one after the other. */
function taken(budget: RetryBudget, now: number): number {
  let count = 0;
  while (count < 1000 && budget.claimRetry(now)) count++;
  return count;
}

function afterRequests(share: number, count: number, now: number): RetryBudget {
  const budget = new RetryBudget(share);
  for (let i = 0; i < count; i++) budget.countRequest(now);
  return budget;
}

const rows: [share: number, requests: number, retries: number, why: string][] = [
  [0.2, 0, 3, "always allows three"],
  [0.2, 10, 3, "allows three where the share would be fewer"],
  [0.2, 100, 20, "allows the share of the requests"],
  [0.2, 101, 21, "allows the one that begins within the share"],
  [1, 50, 50, "allows as many retries as requests where the share is 1"],
  [0, 500, 3, "allows three where the share is 0"],
];
for (const [share, requests, retries, why] of rows) {
  test(`RetryBudget.claimRetry() ${why}`, () => {
    assert.equal(taken(afterRequests(share, requests, 100_000), 100_000), retries);
  });
}

test("RetryBudget.claimRetry() counts requests and retries of the window before, too", () => {
  const budget = afterRequests(0.2, 100, 100_000);
  assert.equal(taken(budget, 100_000), 20);
  assert.equal(taken(budget, 105_000), 0);
  for (let i = 0; i < 50; i++) budget.countRequest(105_000);
  assert.equal(taken(budget, 109_999), 10);
});

for (const [ms, retries] of [[4999, 0], [9999, 0], [10_000, 3], [15_000, 3], [1e9, 3]] as const) {
  test(`RetryBudget.claimRetry() allows ${retries} more ${ms} ms after the budget was spent`, () => {
    const budget = afterRequests(0.2, 100, 100_000);
    taken(budget, 100_000);
    assert.equal(taken(budget, 100_000 + ms), retries);
  });
}

test("RetryBudget counts a request whose time is before the window", () => {
  const budget = afterRequests(0.5, 10, 100_000);
  for (let i = 0; i < 10; i++) budget.countRequest(90_000);
  assert.equal(taken(budget, 100_000), 10);
});
