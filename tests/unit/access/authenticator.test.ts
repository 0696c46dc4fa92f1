import assert from "node:assert/strict";
import { test } from "node:test";
import type { PasswordHash } from "../../../src/config/values/password-hash.ts";
import { Authenticator } from "../../../src/access/authenticator.ts";

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
    running: 2,
    verify: async (password, { hash, cost }) => {
      state.computed.push(`${password} ${cost}`);
      state.most = Math.max(state.most, ++state.running);
      if (state.hold) await new Promise<void>((resolve) => state.held.push(resolve));
      state.running--;
      return password === hash;
    },
  });
  const check = (user: string, password: string, client = "192.0.2.1") =>
    authenticator.check({ user, password }, client);
  return { check, state };
}

const ADA = ["ada", "secret"] as const;

/** Lets everything go on that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test("Authenticator.check() tells right from wrong", async () => {
  const { check } = setUp({ ada: hashOf("secret"), bob: hashOf("other") });
  assert.equal(await check(...ADA), "right");
  assert.equal(await check("ada", "other"), "wrong");
  assert.equal(await check("bob", "secret"), "wrong");
  assert.equal(await check("bob", "other"), "right");
  assert.equal(await check("ADA", "secret"), "wrong");
  assert.equal(await check("constructor", "secret"), "wrong");
});

test("Authenticator.check() without users finds everybody wrong, at no cost", async () => {
  const { check, state } = setUp({});
  assert.equal(await check(...ADA), "repeated");
  assert.deepEqual(state.computed, []);
});

test("Authenticator.check() computes as much for a user who is not there as for a wrong password", async () => {
  const { check, state } = setUp({ ada: hashOf("secret") });
  await check("ada", "x");
  await check("eve", "x");
  assert.deepEqual(state.computed, ["x 16384", "x 16384"]);
});

test("Authenticator.check() refuses a user who is not there with the password of another", async () => {
  const { check, state } = setUp({ ada: hashOf("secret") });
  assert.equal(await check("eve", "secret"), "wrong");
  assert.equal(await check("eve", "secret"), "repeated");
  assert.equal(state.computed.length, 1);
});

test("Authenticator.check() takes the same time for one absent name each time, where costs differ", async () => {
  const { check, state } = setUp({ ada: hashOf("secret"), bob: hashOf("other", 32_768) });
  for (let name = 0; name < 32; name++) {
    state.computed.length = 0;
    for (let i = 0; i < 4; i++) await check(`eve${name}`, `x${i}`, `2001:db8:${name}:${i}::1`);
    assert.equal(new Set(state.computed.map((computed) => computed.split(" ")[1])).size, 1);
    assert.equal(state.computed.length, 4);
  }
});

test("Authenticator.check() computes once for a client that comes again within a minute of its last use", async () => {
  const { check, state } = setUp({ ada: hashOf("secret") });
  assert.equal(await check(...ADA), "right");
  for (state.now = 0; state.now < 300_000; state.now += 30_000) {
    assert.equal(await check(...ADA), "remembered");
  }
  assert.equal(state.computed.length, 1);
  state.now += 60_000;
  assert.equal(await check(...ADA), "right");
  assert.equal(state.computed.length, 2);
});

test("Authenticator.check() computes a wrong password anew when nobody has tried it for ten seconds", async () => {
  const { check, state } = setUp({ ada: hashOf("secret") });
  assert.equal(await check("ada", "old"), "wrong");
  for (const at of [9_000, 18_000]) {
    state.now = at;
    assert.equal(await check("ada", "old", "192.0.2.9"), "repeated");
  }
  state.now = 28_000;
  assert.equal(await check("ada", "old"), "wrong");
  assert.equal(state.computed.length, 2);
});

test("Authenticator.check() remembers a right password, and a wrong one, for its user alone", async () => {
  const { check, state } = setUp({ ada: hashOf("secret"), bob: hashOf("other") });
  await check(...ADA);
  await check("bob", "secret");
  assert.equal(await check("ada", "secret"), "remembered");
  await check("ad", "asecret");
  await check("eve", "secret");
  assert.equal(state.computed.length, 4);
});

test("Authenticator.check() computes once for many connections at the same time", async () => {
  const { check, state } = setUp({ ada: hashOf("secret") });
  const verdicts = await Promise.all(Array.from({ length: 200 }, () => check(...ADA)));
  assert.deepEqual([...new Set(verdicts)], ["right"]);
  assert.equal(state.computed.length, 1);
});

test("Authenticator.check() computes two at a time, lets 64 wait, and is busy beyond", async () => {
  const { check, state } = setUp({ ada: hashOf("secret") });
  state.hold = true;
  const verdicts: string[] = [];
  const checks = Array.from(
    { length: 70 },
    (_, i) => check("ada", `guess${i}`, `192.0.2.${i}`).then((verdict) => verdicts.push(verdict)),
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
  assert.equal(await check(...ADA), "right");
});

test("Authenticator.check() computes two at a time while more come as others end", async () => {
  const { check, state } = setUp({ ada: hashOf("secret") });
  state.hold = true;
  const checks: Promise<string>[] = [];
  const guess = () => checks.push(check("ada", `guess${checks.length}`, `192.0.2.${checks.length}`));
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
  const { check, state } = setUp({ ada: hashOf("secret") });
  await check(...ADA);
  state.hold = true;
  const guesses = Array.from({ length: 66 }, (_, i) => check("x", `${i}`, `192.0.2.${i}`));
  await settle();
  assert.equal(await check(...ADA), "remembered");
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
  const check = (user: string, password: string) => authenticator.check({ user, password }, "192.0.2.1");
  for (let round = 0; round < 5; round++) await assert.rejects(check(...ADA), /no memory/);
  fails = false;
  assert.equal(await check(...ADA), "right");
});

test("Authenticator.check() has one address that guesses delay nobody, neither behind another address nor its own", async () => {
  const users = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`user${i}`, hashOf("secret")]));
  const { check, state } = setUp(users);
  state.hold = true;
  const guesses = Array.from({ length: 300 }, (_, i) => check("user0", `guess${i}`));
  await settle();
  assert.equal((await Promise.all(guesses.slice(66))).every((verdict) => verdict === "busy"), true);
  const verdicts: string[] = [];
  const others = Array.from(
    { length: 20 },
    (_, i) =>
      check(`user${i}`, "secret", i % 2 === 1 ? "192.0.2.1" : `198.51.100.${i}`)
        .then((verdict) => verdicts.push(verdict)),
  );
  await settle();
  while (verdicts.length < 20) {
    assert.ok(state.held.length > 0 && state.computed.length < 50);
    state.held.shift()!();
    await settle();
  }
  await Promise.all(others);
  assert.deepEqual([...new Set(verdicts)], ["right"]);
});

test("Authenticator.check() goes on with what the one before knows, of users that are the same", async () => {
  let computed = 0;
  const verify = (
    password: string,
    { hash }: PasswordHash,
  ) => (computed++, Promise.resolve(password === hash));
  const parts = { now: () => 0, verify };
  const before = new Authenticator({ ...parts, users: { ada: hashOf("secret"), bob: hashOf("secret") } });
  for (const user of ["ada", "bob", "eve"]) await before.check({ user, password: "secret" }, "192.0.2.1");
  const users = { ada: hashOf("secret"), eve: hashOf("secret") };
  const after = new Authenticator({ ...parts, users, before });
  const verdicts = ["ada", "bob", "eve"].map((user) =>
    after.check({ user, password: "secret" }, "192.0.2.1")
  );
  assert.deepEqual(await Promise.all(verdicts), ["remembered", "wrong", "right"]);
  assert.equal(computed, 5);
});
