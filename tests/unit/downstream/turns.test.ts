import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "../../../src/downstream/turns.ts";
import { Clock } from "../../support/clock.ts";

test("Turns lose nobody who waits behind one that throws", (t) => {
  const turns = new Turns();
  const clock = new Clock(t);
  const begun: string[] = [];
  turns.next(() => begun.push("first"));
  turns.next(() => {
    begun.push("throws");
    throw new Error("broken");
  });
  turns.next(() => begun.push("last"));
  assert.throws(() => clock.pass(1), /broken/);
  assert.deepEqual(begun, ["first", "throws"]);
  clock.pass(1);
  assert.deepEqual(begun, ["first", "throws", "last"]);
});
