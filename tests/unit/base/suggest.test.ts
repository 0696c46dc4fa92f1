import assert from "node:assert/strict";
import { test } from "node:test";
import { suggest } from "../../../src/base/suggest.ts";

const WORDS = ["level", "access", "format", "max_connections", "app", "timeouts"];
const cases: [word: string, near: string | undefined, why: string][] = [
  ["levl", "level", "finds a missing letter"],
  ["leevel", "level", "finds a letter too many"],
  ["formar", "format", "finds a wrong letter"],
  ["acecss", "access", "counts swapped neighbours as one edit"],
  ["maxConnections", "max_connections", "overlooks case and underscore"],
  ["max-connections", "max_connections", "takes a hyphen for an underscore"],
  ["timeout", "timeouts", "finds the plural"],
  ["ap", "app", "allows one edit in a short word"],
  ["formatting", "format", "finds the word cut short"],
  ["conn", undefined, "does not take a part in the middle for the word"],
  ["a", undefined, "leaves a single letter alone"],
  ["servers", undefined, "is silent when nothing is near"],
];
for (const [word, near, why] of cases) {
  test(`suggest() ${why}`, () => assert.equal(suggest(word, WORDS), near));
}

test("suggest() takes the nearest of several", () => {
  assert.equal(suggest("app-22", ["app-1", "app-21", "app-2"]), "app-21");
});
