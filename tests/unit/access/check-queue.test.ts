import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { CheckQueue } from "../../../src/access/check-queue.ts";
import { Clock, settle } from "../../support/clock.ts";

/** A queue for one check at a time, and in which order those that wait have their turn; `!` behind who made room. */
function setUp(t: TestContext) {
  const clock = new Clock(t);
  const queue = new CheckQueue({ most: 1, now: () => clock.now });
  const order: string[] = [];
  const enter = (client: string, user: string) =>
    void queue.enter({ client, user }).then((turn) => order.push(`${client}/${user}${turn ? "" : "!"}`));
  /** Ends the check that runs, with a password that was right, wrong, or neither. */
  const leave = async (of: string, right?: boolean) => {
    const [client, user] = of.split("/") as [string, string];
    queue.leave({ client, user }, right);
    await settle();
  };
  const pass = (ms: number) => clock.advance(ms);
  return { enter, leave, order, pass };
}

test("CheckQueue gives each address its turn, however many wait of one", async (t) => {
  const { enter, leave, order } = setUp(t);
  for (let i = 0; i < 4; i++) enter("a", `u${i}`);
  enter("b", "x");
  enter("c", "x");
  enter("b", "y");
  await settle();
  for (let i = 0; i < 6; i++) await leave(order.at(-1)!);
  assert.deepEqual(order, ["a/u0", "b/x", "c/x", "a/u1", "b/y", "a/u2", "a/u3"]);
});

test("CheckQueue gives each name its turn, where addresses have had none yet", async (t) => {
  const { enter, leave, order } = setUp(t);
  for (let i = 0; i < 4; i++) enter(`a${i}`, "ada");
  enter("b", "bob");
  await settle();
  for (let i = 0; i < 2; i++) await leave(order.at(-1)!);
  assert.deepEqual(order, ["a0/ada", "b/bob", "a1/ada"]);
});

test("CheckQueue.enter() has the newest of the address that has most places make room", async (t) => {
  const { enter, order } = setUp(t);
  for (let i = 0; i < 65; i++) enter("a", `u${i}`);
  await settle();
  enter("b", "x");
  await settle();
  assert.deepEqual(order, ["a/u0", "a/u64!"]);
  enter("a", "u64");
  await settle();
  assert.deepEqual(order.slice(2), ["a/u64!"]);
});

test("CheckQueue.enter() has the newest of the name that has most places make room, where addresses have one each", async (t) => {
  const { enter, order } = setUp(t);
  for (let i = 0; i < 65; i++) enter(`a${i}`, "ada");
  await settle();
  enter("b", "bob");
  enter("c", "ada");
  await settle();
  assert.deepEqual(order, ["a0/ada", "a64/ada!", "c/ada!"]);
});

test("CheckQueue has those who guessed wait longer, and others pass them", async (t) => {
  const { enter, leave, order, pass } = setUp(t);
  for (let i = 0; i < 4; i++) {
    enter("a", "ada");
    await pass(250);
    await leave("a/ada", false);
  }
  enter("a", "ada");
  await pass(499);
  assert.equal(order.length, 4);
  enter("b", "ada");
  await settle();
  assert.deepEqual(order.slice(4), ["b/ada"]);
  await leave("b/ada", true);
  assert.equal(order.length, 5);
  await pass(1);
  assert.deepEqual(order.slice(5), ["a/ada"]);
});

test("CheckQueue.enter() takes few of those who have to wait longer", async (t) => {
  const { enter, leave, order, pass } = setUp(t);
  for (let i = 0; i < 3; i++) {
    enter("a", "ada");
    await settle();
    await leave("a/ada", false);
  }
  for (let i = 0; i < 6; i++) enter("a", "ada");
  enter("a", "bob");
  await settle();
  assert.deepEqual(order.slice(3), ["a/ada!", "a/ada!", "a/bob"].sort((x, y) => x < y ? -1 : y < x ? 1 : 0));
  await leave("a/bob", true);
  await pass(250);
  assert.equal(order.at(-1), "a/ada");
});
