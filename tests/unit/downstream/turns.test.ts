import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "../../../src/downstream/turns.ts";

test("Turns lose nobody who waits behind one that throws", (t) => {
  const turns = new Turns();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => t.mock.timers.reset());
  const begun: string[] = [];
  turns.next(() => begun.push("first"));
  turns.next(() => {
    begun.push("throws");
    throw new Error("broken");
  });
  turns.next(() => begun.push("last"));
  assert.throws(() => t.mock.timers.tick(1), /broken/);
  assert.deepEqual(begun, ["first", "throws"]);
  t.mock.timers.tick(1);
  assert.deepEqual(begun, ["first", "throws", "last"]);
});
