import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Tunnels } from "../../../src/backend/tunnels.ts";
import { Clock } from "../../support/clock.ts";

/** Tunnels on a clock of the test, and what becomes of them. */
function setUp(t: TestContext) {
  const clock = new Clock(t);
  const tunnels = new Tunnels(() => clock.now);
  const ended: string[] = [];
  return {
    tunnels,
    ended,
    pass: (ms: number) => clock.pass(ms),
    add(name: string, speaks = true) {
      const tunnel = {
        bytes: { fromClient: 0, toClient: 0 },
        goAway: () => speaks && ended.push(`${name} goodbye`) > 0,
        cut: () => void ended.push(`${name} cut`),
      };
      tunnels.add(tunnel);
      return tunnel;
    },
  };
}

test("Tunnels.leave() ends every tunnel after its time: in words where it has some, else by a cut", (t) => {
  const { tunnels, ended, pass, add } = setUp(t);
  add("one");
  add("two", false);
  tunnels.leave(100);
  pass(99);
  assert.deepEqual(ended, []);
  pass(1);
  assert.deepEqual(ended, ["one goodbye", "two cut"]);
});

test("Tunnels.leave() counts from the first time that it is said", (t) => {
  const { tunnels, ended, pass, add } = setUp(t);
  add("one");
  tunnels.leave(100);
  pass(60);
  tunnels.leave(100);
  pass(40);
  assert.deepEqual(ended, ["one goodbye"]);
});

test("Tunnels.leave() ends a tunnel that opens later with the others, or at once", (t) => {
  const { tunnels, ended, pass, add } = setUp(t);
  tunnels.leave(100);
  pass(50);
  add("late");
  pass(50);
  assert.deepEqual(ended, ["late goodbye"]);
  add("too late");
  pass(1);
  assert.deepEqual(ended.slice(-1), ["too late goodbye"]);
});

test("Tunnels.leave() leaves them with a time of 0", (t) => {
  const { tunnels, ended, pass, add } = setUp(t);
  add("one");
  tunnels.leave(0);
  pass(100_000);
  assert.deepEqual(ended, []);
});

test("Tunnels.stay() keeps them, until the server leaves again", (t) => {
  const { tunnels, ended, pass, add } = setUp(t);
  add("one");
  tunnels.leave(100);
  pass(50);
  tunnels.stay();
  pass(100);
  assert.deepEqual(ended, []);
  tunnels.leave(100);
  pass(100);
  assert.deepEqual(ended, ["one goodbye"]);
});

test("Tunnels.delete() forgets a tunnel", (t) => {
  const { tunnels, ended, pass, add } = setUp(t);
  tunnels.delete(add("one"));
  tunnels.leave(100);
  pass(100);
  assert.deepEqual([ended, tunnels.size], [[], 0]);
});
