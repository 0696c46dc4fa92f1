import assert from "node:assert/strict";
import { test } from "node:test";
import { Guesses } from "../../../src/access/guesses.ts";

const ADA = { client: "192.0.2.1", user: "ada" };

function setUp() {
  const clock = { now: 0 };
  const guesses = new Guesses(() => clock.now);
  /** How long `asker` has to wait. */
  const waitOf = (asker = ADA) => Math.max(0, guesses.readyAt(asker) - clock.now);
  return { clock, guesses, waitOf };
}

test("Guesses.readyAt() is later with each wrong password behind the third, up to eight seconds", () => {
  const { guesses, waitOf } = setUp();
  const waits = Array.from({ length: 10 }, () => {
    guesses.wrong(ADA);
    return waitOf();
  });
  assert.deepEqual(waits, [0, 0, 250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

test("Guesses.readyAt() leaves the same name behind another address, and others behind this one, alone", () => {
  const { guesses, waitOf } = setUp();
  for (let i = 0; i < 10; i++) guesses.wrong(ADA);
  assert.equal(waitOf({ ...ADA, client: "192.0.2.2" }), 0);
  assert.equal(waitOf({ ...ADA, user: "bob" }), 0);
});

test("Guesses.readyAt() is later for all names of an address that tries one after the other", () => {
  const { guesses, waitOf } = setUp();
  for (let i = 0; i < 17; i++) guesses.wrong({ ...ADA, user: `user${i}` });
  assert.equal(waitOf(), 500);
  assert.equal(waitOf({ ...ADA, client: "192.0.2.2" }), 0);
});

test("Guesses.right() ends the row of its name, and not that of the address", () => {
  const { guesses, waitOf } = setUp();
  for (let i = 0; i < 5; i++) guesses.wrong(ADA);
  guesses.right(ADA);
  assert.equal(waitOf(), 0);
  for (let i = 0; i < 12; i++) guesses.wrong({ ...ADA, user: `user${i}` });
  guesses.right({ ...ADA, user: "user0" });
  assert.equal(waitOf({ ...ADA, user: "user0" }), 500);
});

test("Guesses forgets a row a minute behind its last wrong password", () => {
  const { clock, guesses, waitOf } = setUp();
  for (let i = 0; i < 9; i++) guesses.wrong(ADA);
  clock.now = 59_999;
  guesses.wrong(ADA);
  assert.equal(waitOf(), 8000);
  clock.now += 60_000;
  assert.equal(waitOf(), 0);
  guesses.wrong(ADA);
  assert.equal(waitOf(), 0);
});

test("Guesses keeps the rows that grew last, however many there are", () => {
  const { guesses, waitOf } = setUp();
  for (let i = 0; i < 5; i++) guesses.wrong(ADA);
  for (let i = 0; i < 2000; i++) guesses.wrong({ client: `2001:db8::${i}`, user: "x" });
  assert.equal(waitOf(), 0);
});
