import assert from "node:assert/strict";
import { test } from "node:test";
import { Kept } from "../../../src/base/kept.ts";

function keepable() {
  return {
    started: 0,
    closed: 0,
    start() {
      this.started++;
    },
    close() {
      this.closed++;
    },
  };
}

test("Kept takes over what was made of the same under the same name, through any number of configs", () => {
  const first = new Kept();
  const made = first.take("a", { rate: 1 }, keepable);
  const third = new Kept(new Kept(first));
  assert.notEqual(third.take("a", { rate: 1 }, keepable), made); // the second had no use for it

  const second = new Kept(first);
  assert.equal(second.take("a", { rate: 1 }, keepable), made);
  assert.equal(new Kept(second).take("a", { rate: 1 }, keepable), made);
});

test("Kept makes anew what is made of something else, or under another name", () => {
  const first = new Kept();
  const made = first.take("a", { rate: 1 }, keepable);
  const second = new Kept(first);
  assert.notEqual(second.take("a", { rate: 2 }, keepable), made);
  assert.notEqual(second.take("b", { rate: 1 }, keepable), made);
});

test("Kept has all that is asked for under one name, as two rules of the same condition do", () => {
  const first = new Kept();
  const made = [1, 2, 1].map((rate) => first.take("a", { rate }, keepable));
  assert.equal(made[2], made[0]);
  const second = new Kept(first);
  assert.deepEqual([1, 2].map((rate) => second.take("a", { rate }, keepable) === made[rate - 1]), [
    true,
    true,
  ]);
  const third = new Kept(second);
  assert.equal(third.take("a", { rate: 2 }, keepable), made[1]);
  second.close(third);
  assert.deepEqual(made.map(({ closed }) => closed), [1, 0, 1]);
});

test("Kept closes what the other has not", () => {
  const first = new Kept();
  const stays = first.take("stays", 1, keepable), goes = first.take("goes", 1, keepable);
  const second = new Kept(first);
  second.take("stays", 1, keepable);
  const fresh = second.take("new", 1, keepable);
  first.close(second);
  assert.deepEqual([stays.closed, goes.closed, fresh.closed], [0, 1, 0]);
  second.close();
  assert.deepEqual([stays.closed, goes.closed, fresh.closed], [1, 1, 1]);
});

test("Kept starts what it has, and nothing by being made", () => {
  const first = new Kept();
  const [goes, stays] = ["goes", "stays"].map((name) => first.take(name, 1, keepable));
  first.take("has nothing to start", 1, () => ({}));
  const second = new Kept(first);
  second.take("stays", 1, keepable);
  assert.deepEqual([goes!.started, stays!.started], [0, 0]);
  second.start();
  assert.deepEqual([goes!.started, stays!.started], [0, 1]);
  assert.notEqual(second.take("goes", 1, keepable), goes); // it has let go of what it did not take over
});
