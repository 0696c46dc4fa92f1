import assert from "node:assert/strict";
import { test } from "node:test";
import type { PasswordHash } from "../../../src/config/password-hash.ts";
import { Authenticator } from "../../../src/relay/authenticator.ts";

/** A hash that names its password, for a stand-in of scrypt. */
function hashOf(password: string, cost = 16_384): PasswordHash {
  return { cost, blockSize: 8, parallelization: 1, salt: "salt", hash: password };
}

function setUp(users: Record<string, PasswordHash>) {
  const state = {
    now: 0,
    computed: [] as string[],
    held: [] as (() => void)[],
    hold: false,
    running: 0,
    most: 0,
  };
  const authenticator = new Authenticator({
    users,
    now: () => state.now,
    verify: async (password, { hash, cost }) => {
      state.computed.push(`${password} ${cost}`);
      state.most = Math.max(state.most, ++state.running);
      if (state.hold) await new Promise<void>((resolve) => state.held.push(resolve));
      state.running--;
      return password === hash;
    },
  });
  return { authenticator, state };
}

const ADA = { user: "ada", password: "secret" };

/** Lets everything go on that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test("Authenticator.check() tells right from wrong", async () => {
  const { authenticator } = setUp({ ada: hashOf("secret"), bob: hashOf("other") });
  assert.equal(await authenticator.check(ADA), "right");
  assert.equal(await authenticator.check({ user: "ada", password: "other" }), "wrong");
  assert.equal(await authenticator.check({ user: "bob", password: "secret" }), "wrong");
  assert.equal(await authenticator.check({ user: "bob", password: "other" }), "right");
  assert.equal(await authenticator.check({ user: "ADA", password: "secret" }), "wrong");
  assert.equal(await authenticator.check({ user: "constructor", password: "secret" }), "wrong");
});

test("Authenticator.check() without users finds everybody wrong, at no cost", async () => {
  const { authenticator, state } = setUp({});
  assert.equal(await authenticator.check(ADA), "wrong");
  assert.deepEqual(state.computed, []);
});

test("Authenticator.check() computes as much for a user who is not there as for a wrong password", async () => {
  const { authenticator, state } = setUp({ ada: hashOf("secret") });
  await authenticator.check({ user: "ada", password: "x" });
  await authenticator.check({ user: "eve", password: "x" });
  assert.deepEqual(state.computed, ["x 16384", "x 16384"]);
});

test("Authenticator.check() refuses a user who is not there with the password of another", async () => {
  const { authenticator, state } = setUp({ ada: hashOf("secret") });
  for (let round = 0; round < 2; round++) {
    assert.equal(await authenticator.check({ user: "eve", password: "secret" }), "wrong");
  }
  assert.equal(state.computed.length, 2); // nor is it remembered
});

test("Authenticator.check() takes the same time for one absent name each time, where costs differ", async () => {
  const { authenticator, state } = setUp({ ada: hashOf("secret"), bob: hashOf("other", 32_768) });
  for (let name = 0; name < 32; name++) {
    state.computed.length = 0;
    for (let i = 0; i < 4; i++) await authenticator.check({ user: `eve${name}`, password: "x" });
    assert.equal(new Set(state.computed).size, 1);
    assert.equal(state.computed.length, 4);
  }
});

test("Authenticator.check() computes once for a client that comes again within a minute of its last use", async () => {
  const { authenticator, state } = setUp({ ada: hashOf("secret") });
  for (state.now = 0; state.now < 300_000; state.now += 30_000) {
    assert.equal(await authenticator.check(ADA), "right");
  }
  assert.equal(state.computed.length, 1);
  state.now += 60_000;
  assert.equal(await authenticator.check(ADA), "right");
  assert.equal(state.computed.length, 2);
});

test("Authenticator.check() remembers no wrong password, and a right one for its user alone", async () => {
  const { authenticator, state } = setUp({ ada: hashOf("secret"), bob: hashOf("other") });
  await authenticator.check(ADA);
  for (let round = 0; round < 2; round++) await authenticator.check({ user: "bob", password: "secret" });
  await authenticator.check({ user: "ad", password: "asecret" });
  assert.equal(state.computed.length, 4);
});

test("Authenticator.check() computes once for many connections at the same time", async () => {
  const { authenticator, state } = setUp({ ada: hashOf("secret") });
  const verdicts = await Promise.all(Array.from({ length: 200 }, () => authenticator.check(ADA)));
  assert.deepEqual([...new Set(verdicts)], ["right"]);
  assert.equal(state.computed.length, 1);
});

test("Authenticator.check() computes two at a time, lets 64 wait, and is busy beyond", async () => {
  const { authenticator, state } = setUp({ ada: hashOf("secret") });
  state.hold = true;
  const verdicts: string[] = [];
  const checks = Array.from(
    { length: 70 },
    (_, i) =>
      authenticator.check({ user: "ada", password: `guess${i}` }).then((verdict) => verdicts.push(verdict)),
  );
  await settle();
  assert.equal(state.running, 2);
  assert.deepEqual(verdicts, ["busy", "busy", "busy", "busy"]);
  while (verdicts.length < 70) {
    state.held.shift()!();
    await settle();
  }
  await Promise.all(checks);
  assert.equal(state.most, 2);
  assert.equal(state.computed.length, 66);
  assert.deepEqual(state.computed.slice(0, 3), ["guess0 16384", "guess1 16384", "guess2 16384"]); // in turn
  state.hold = false;
  assert.equal(await authenticator.check(ADA), "right");
});

test("Authenticator.check() computes two at a time while more come as others end", async () => {
  const { authenticator, state } = setUp({ ada: hashOf("secret") });
  state.hold = true;
  const checks: Promise<string>[] = [];
  const guess = () => checks.push(authenticator.check({ user: "ada", password: `guess${checks.length}` }));
  for (let i = 0; i < 6; i++) guess();
  await settle();
  for (let i = 0; i < 6; i++) {
    state.held.shift()!();
    guess();
    await settle();
  }
  while (state.held.length > 0) {
    state.held.shift()!();
    await settle();
  }
  await Promise.all(checks);
  assert.deepEqual({ most: state.most, computed: state.computed.length }, { most: 2, computed: 12 });
});

test("Authenticator.check() knows a remembered client while others fill the queue", async () => {
  const { authenticator, state } = setUp({ ada: hashOf("secret") });
  await authenticator.check(ADA);
  state.hold = true;
  const guesses = Array.from({ length: 66 }, (_, i) => authenticator.check({ user: "x", password: `${i}` }));
  await settle();
  assert.equal(await authenticator.check(ADA), "right");
  state.hold = false;
  while (state.held.length > 0) {
    state.held.shift()!();
    await settle();
  }
  await Promise.all(guesses);
});

test("Authenticator.check() rejects where the hash fails, and goes on with the next", async () => {
  let fails = true;
  const authenticator = new Authenticator({
    users: { ada: hashOf("secret") },
    now: () => 0,
    verify: () => fails ? Promise.reject(new Error("no memory")) : Promise.resolve(true),
  });
  for (let round = 0; round < 5; round++) await assert.rejects(authenticator.check(ADA), /no memory/);
  fails = false;
  assert.equal(await authenticator.check(ADA), "right");
});
