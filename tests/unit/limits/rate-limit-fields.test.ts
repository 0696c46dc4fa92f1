import assert from "node:assert/strict";
import { test } from "node:test";
import { validateConfig } from "../../../src/config/load.ts";
import { tokensOf } from "../../../src/limits/bucket.ts";
import { bucketOf, policyItem, secondsOf, stateItem } from "../../../src/limits/rate-limit-fields.ts";

/** What a config makes of one limit. */
function limitOf(limit: Record<string, unknown>) {
  return validateConfig({
    frontends: [{ bind: ":0", default_backend: "app", rate_limit: limit }],
    backends: { app: { servers: ["http://a"] } },
  }).frontends[0]!.rateLimit![0]!;
}

const POLICIES: [limit: Record<string, unknown>, item: string][] = [
  [{ rate: "10/s" }, '"10/s";q=10;w=1'],
  [{ rate: "10/s", burst: 20 }, '"10/s";q=20;w=2'],
  [{ rate: "100/s", burst: 20 }, '"100/s";q=100;w=1'], // what a client may send in the long run, not a fifth of it
  [{ rate: "1000/h", burst: 10, name: "pages an hour" }, '"pages an hour";q=10;w=36'],
  [{ rate: "5/d" }, '"5/d";q=5;w=86400'],
];
for (const [limit, item] of POLICIES) {
  test(`policyItem() is ${item}`, () => assert.equal(policyItem(limitOf(limit)), item));
}

test("secondsOf() and stateItem() say how many are left, and when there are all of them again, or one", () => {
  const size = bucketOf(limitOf({ rate: "60/min", burst: 5 }));
  const item = (missing: number) => {
    const left = tokensOf(missing * 1000, 0, size);
    return stateItem("x", left, secondsOf(left, missing * 1000, 0, size));
  };
  assert.deepEqual([0, 1, 1.5, 4, 4.5, 5, -3].map(item), [
    '"x";r=5;t=0',
    '"x";r=4;t=1',
    '"x";r=3;t=2',
    '"x";r=1;t=4',
    '"x";r=0;t=1',
    '"x";r=0;t=1',
    '"x";r=5;t=0',
  ]);
});
