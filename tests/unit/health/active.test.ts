import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { type ActiveOptions, type ProbeTarget, startActiveChecks } from "../../../src/health/active.ts";
import { hasPassed, type Probed, type ProbeResult } from "../../../src/health/probe-result.ts";
import { type HealthState, observe, type Thresholds, UNKNOWN_HEALTH } from "../../../src/health/state.ts";
import { Clock, settle } from "../../support/clock.ts";

const PASS: ProbeResult = { code: "L7OK", status: 200 };
const FAILURE: ProbeResult = { code: "L4CON" };

interface Target extends ProbeTarget {
  readonly id: number;
  health: HealthState;
  lastProbe: Probed | undefined;
}

type Probe = (
  target: Target,
  signal: AbortSignal,
) => ProbeResult | undefined | Promise<ProbeResult | undefined>;

/** A loop on a clock of the test, which begins at 0. Its interval is 1000, and 100 on the way to turning round. */
class Loop {
  readonly clock: Clock;
  /** Every probe: the target and when it began. */
  readonly probes: { id: number; at: number }[] = [];
  /** `id+`, `id-`, with `!` where the target was turned round by it. */
  readonly results: string[] = [];
  readonly stop = new AbortController();
  readonly targets: Target[];
  readonly first: Promise<void>;
  firstIsOver = false;

  constructor(
    t: TestContext,
    count: number,
    probe: Probe,
    { rise = 2, fall = 3, ...options }: Partial<ActiveOptions<Target> & Thresholds> = {},
    states: readonly Partial<Target>[] = [],
  ) {
    this.clock = new Clock(t);
    this.clock.now = 0;
    t.after(() => this.stop.abort());
    this.targets = Array.from({ length: count }, (_, id) => ({
      id,
      health: UNKNOWN_HEALTH,
      lastProbe: undefined,
      ...states[id],
    }));
    this.first = startActiveChecks(this.targets, {
      interval: 1000,
      fastInterval: 100,
      random: () => 0.5,
      ...options,
      probe: async (target, signal) => {
        this.probes.push({ id: target.id, at: this.clock.now });
        return await probe(target, signal);
      },
      onResult: (target, probed) => {
        const { up, known } = target.health;
        const passed = hasPassed(probed);
        target.health = observe(target.health, passed, { rise, fall });
        target.lastProbe = probed;
        const turned = !known || target.health.up !== up;
        this.results.push(`${target.id}${passed ? "+" : "-"}${turned ? "!" : ""}`);
      },
    }, this.stop.signal).then(() => {
      this.firstIsOver = true;
    });
  }

  /** Lets `ms` pass, and what follows from each step happen. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms, 10);
  }

  /** When target `id` was probed. */
  times(id: number): number[] {
    return this.probes.filter((probe) => probe.id === id).map(({ at }) => at);
  }
}

test("startActiveChecks() probes all at once first, and resolves when each has a result", async (t) => {
  const answers: ((result: ProbeResult) => void)[] = [];
  const loop = new Loop(t, 3, () => new Promise((resolve) => answers.push(resolve)));
  await settle();
  assert.deepEqual(loop.probes.map(({ id }) => id), [0, 1, 2]);
  answers[0]!(PASS);
  answers[2]!(FAILURE);
  await settle();
  assert.equal(loop.firstIsOver, false);
  answers[1]!(PASS);
  await loop.first;
  assert.deepEqual(loop.targets.map(({ health }) => health.up), [true, true, false]);
});

test("startActiveChecks() resolves at once where there is nothing to probe", async (t) => {
  await new Loop(t, 0, () => PASS).first;
});

test("startActiveChecks() learns nothing from a probe that could not be made, and goes on", async (t) => {
  let results: (ProbeResult | undefined)[] = [undefined];
  const loop = new Loop(t, 1, () => results.shift());
  await loop.first;
  assert.deepEqual([loop.results, loop.targets[0]!.health], [[], UNKNOWN_HEALTH]);
  results = [PASS, undefined, undefined, undefined, undefined];
  await loop.pass(5000);
  assert.deepEqual([loop.results.length, loop.targets[0]!.health.up], [1, true]);
  assert.equal(loop.probes.length, 6);
});

test("startActiveChecks() spreads the targets over the interval after the first round", async (t) => {
  const loop = new Loop(t, 10, () => PASS);
  await loop.first;
  await loop.pass(1000);
  assert.deepEqual(loop.probes.slice(10).map(({ id, at }) => `${id}@${at}`), [
    ...["0@50", "1@150", "2@250", "3@350", "4@450", "5@550", "6@650", "7@750", "8@850", "9@950"],
  ]);
});

for (const [random, wait] of [[0, 900], [0.5, 1000], [0.999, 1099.8]] as const) {
  test(`startActiveChecks() waits ${wait} of 1000 ms where the draw is ${random}`, async (t) => {
    const loop = new Loop(t, 1, () => PASS, { random: () => random });
    await loop.first;
    await loop.pass(4000);
    const [, first, second, third] = loop.times(0);
    assert.ok(first! <= 1000);
    assert.ok(Math.abs(second! - first! - wait) <= 10 && Math.abs(third! - second! - wait) <= 10);
  });
}

test("startActiveChecks() probes at fast_interval while a target is about to turn round", async (t) => {
  const script = [PASS, FAILURE, FAILURE, FAILURE, FAILURE, PASS, PASS, PASS, FAILURE, PASS, PASS];
  const loop = new Loop(t, 1, () => script.shift() ?? PASS);
  await loop.first;
  await loop.pass(6000);
  const gaps = loop.times(0).slice(1).map((at, i, all) => i === 0 ? 0 : at - all[i - 1]!);
  // Behind a failure, another, the one that turned it, another while down, a pass, the one that turned it, …
  assert.deepEqual(gaps.slice(1, 10), [100, 100, 1000, 1000, 100, 1000, 1000, 100, 1000]);
  assert.deepEqual(loop.results.slice(0, 11), [
    ...["0+!", "0-", "0-", "0-!", "0-", "0+", "0+!", "0+", "0-", "0+", "0+"],
  ]);
});

test("startActiveChecks() lets targets that are known go on in their rhythm, without a first probe", async (t) => {
  const known = (streak: number, agoMs: number) => ({
    health: { up: true, streak, known: true },
    lastProbe: { code: "L7OK", ms: 1, at: Date.now() - agoMs } as const,
  });
  t.mock.method(Date, "now", () => 1e12);
  const loop = new Loop(t, 5, () => PASS, {}, [
    known(0, 300),
    known(1, 30),
    known(0, 90_000),
    known(0, -90_000), // the clock was set back
    {},
  ]);
  await loop.first;
  assert.deepEqual(loop.probes.map(({ id }) => id), [4]);
  await loop.pass(1500);
  assert.deepEqual([0, 1, 2, 3].map((id) => loop.times(id)[0]), [700, 70, 10, 1000]);
});

test("startActiveChecks() is never slower than interval where fast_interval is longer", async (t) => {
  let passes = true;
  const loop = new Loop(t, 1, () => passes ? PASS : FAILURE, { fastInterval: 9000 });
  await loop.first;
  passes = false;
  await loop.pass(3000);
  assert.deepEqual(loop.times(0), [0, 500, 1500, 2500]);
});

test("startActiveChecks() has no two probes of one target under way", async (t) => {
  let open = 0;
  let most = 0;
  let rounds = 0;
  const loop = new Loop(t, 1, () => {
    if (rounds++ === 0) return PASS;
    most = Math.max(most, ++open);
    return new Promise((resolve) =>
      setTimeout(() => {
        open--;
        resolve(PASS);
      }, 3500)
    );
  });
  await loop.first;
  await loop.pass(10_000);
  assert.equal(most, 1);
  assert.deepEqual(loop.times(0), [0, 500, 5000, 9500]);
});

test("startActiveChecks() lets a hanging probe delay no other target", async (t) => {
  let rounds = 0;
  const loop = new Loop(t, 4, ({ id }) => id !== 2 || rounds++ === 0 ? PASS : new Promise(() => {}));
  await loop.first;
  await loop.pass(5000);
  assert.deepEqual(loop.targets.map(({ id }) => loop.times(id).length), [6, 6, 2, 6]);
});

test("startActiveChecks() lets a probe that hangs in the first round delay no other target", async (t) => {
  let hung = false;
  const loop = new Loop(t, 4, ({ id }) => {
    if (id !== 2 || hung) return PASS;
    hung = true;
    return new Promise((resolve) => setTimeout(() => resolve(FAILURE), 5000));
  });
  await loop.pass(5000);
  await loop.first;
  assert.deepEqual([0, 1, 3].map((id) => loop.times(id).length), [6, 6, 6]);
});

test("startActiveChecks() leaves out a paused target, and takes it up again", async (t) => {
  let paused = true;
  const loop = new Loop(t, 2, () => PASS, { isPaused: ({ id }) => paused && id === 1 });
  await loop.first;
  await loop.pass(2000);
  assert.deepEqual(loop.times(1), []);
  assert.deepEqual(loop.targets[1]!.health, UNKNOWN_HEALTH);
  paused = false;
  await loop.pass(1000);
  assert.equal(loop.times(1).length, 1);
  assert.deepEqual(loop.results.filter((result) => result.startsWith("1")), ["1+!"]);
});

test("startActiveChecks() tells what a probe found and how long it took", async (t) => {
  const loop = new Loop(t, 1, () => ({ code: "L7STS", status: 500, detail: "status 500" }));
  await loop.first;
  const { ms, at, ...result } = loop.targets[0]!.lastProbe!;
  assert.deepEqual(result, { code: "L7STS", status: 500, detail: "status 500" });
  assert.ok(ms >= 0 && Math.abs(Date.now() - at) < 60_000);
});

test("startActiveChecks() ends with its signal, and frees every timer", async (t) => {
  const loop = new Loop(t, 20, () => PASS);
  await loop.first;
  await loop.pass(1500);
  assert.equal(loop.clock.timers, 20);
  loop.stop.abort();
  assert.equal(loop.clock.timers, 0);
  const { length } = loop.probes;
  await loop.pass(5000);
  assert.equal(loop.probes.length, length);
});

test("startActiveChecks() believes no result of a probe that was cut off", async (t) => {
  let rounds = 0;
  const loop = new Loop(t, 1, (_target, signal) =>
    rounds++ === 0 ? PASS : new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(FAILURE));
    }), { fall: 1 });
  await loop.first;
  await loop.pass(600);
  assert.equal(loop.probes.length, 2);
  loop.stop.abort();
  await loop.pass(5000);
  assert.deepEqual(loop.results, ["0+!"]);
  assert.equal(loop.targets[0]!.health.up, true);
  assert.equal(loop.probes.length, 2);
});

test("startActiveChecks() sets no timer where it is stopped in the first round", async (t) => {
  const loop = new Loop(t, 3, (_target, signal) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(FAILURE));
    }));
  loop.stop.abort();
  await loop.first;
  assert.equal(loop.clock.timers, 0);
  await loop.pass(5000);
  assert.equal(loop.probes.length, 3);
  assert.deepEqual(loop.results, []);
});
