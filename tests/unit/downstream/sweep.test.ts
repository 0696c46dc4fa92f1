import assert from "node:assert/strict";
import { test } from "node:test";
import { LOOK_MS, Sweep } from "../../../src/downstream/sweep.ts";
import { Clock } from "../../support/clock.ts";

test("Sweep looks at each one now and then, with one timer that goes behind the last", async (t) => {
  const clock = new Clock(t);
  const sweep = new Sweep();
  const looks = [0, 0, 0];
  const all = looks.map((_, i) => ({ look: () => void looks[i]!++ }));
  for (const served of all) sweep.add(served);
  assert.equal(clock.timers, 1);
  await clock.advance(LOOK_MS);
  assert.deepEqual(looks, [1, 1, 1]);
  sweep.delete(all[0]!);
  await clock.advance(LOOK_MS);
  assert.deepEqual(looks, [1, 2, 2]);
  sweep.delete(all[1]!);
  sweep.delete(all[2]!);
  await clock.advance(LOOK_MS);
  assert.equal(clock.timers, 0);
  sweep.add(all[0]!);
  await clock.advance(LOOK_MS);
  assert.deepEqual(looks, [2, 2, 2]);
});

test("Sweep looks on at the others where one goes as it is looked at", async (t) => {
  const clock = new Clock(t);
  const sweep = new Sweep();
  let looks = 0;
  const going = { look: () => sweep.delete(going) };
  const staying = { look: () => void looks++ };
  sweep.add(going);
  sweep.add(staying);
  await clock.advance(2 * LOOK_MS);
  assert.equal(looks, 2);
});

test("Sweep looks on at all others, and again, where one throws as it is looked at", async (t) => {
  const clock = new Clock(t);
  const sweep = new Sweep();
  const looked: string[] = [];
  let broken = true;
  sweep.add({ look: () => void looked.push("first") });
  sweep.add({
    look() {
      looked.push("throws");
      if (broken) throw new Error("broken");
    },
  });
  sweep.add({ look: () => void looked.push("last") });
  for (let i = 0; i < 2; i++) await assert.rejects(clock.advance(LOOK_MS), /broken/);
  assert.deepEqual(looked, ["first", "throws", "first", "last", "throws"]);
  broken = false;
});
