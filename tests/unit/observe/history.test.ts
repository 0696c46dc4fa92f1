import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { FIVE_MINUTES_MS, History, MINUTE_MS, type Watched } from "../../../src/observe/history.ts";
import { Histogram } from "../../../src/observe/histogram.ts";
import { Clock } from "../../support/clock.ts";

const STEP_MS = 5000;

/** Something that is counted, with `ended` requests each time it is told. */
class Counts {
  requests = 0;
  errors = 0;
  readonly durations = new Histogram();

  ended(requests: number, { errors = 0, ms = 2 } = {}): void {
    this.requests += requests;
    this.errors += errors;
    for (let i = 0; i < requests; i++) this.durations.observe(ms / 1000);
  }
}

/** A history of `watched` that takes a sample in each step, on a clock of its own. */
function open(t: TestContext, watched: () => Watched[]) {
  const clock = new Clock(t);
  const history = new History(watched);
  return {
    history,
    /** So many steps pass, each after `task`. */
    steps(count: number, task = () => {}) {
      for (let i = 0; i < count; i++) {
        task();
        clock.pass(STEP_MS, STEP_MS);
        history.sample();
      }
    },
    pass: (ms: number) => clock.pass(ms, ms),
  };
}

test("History.window() tells requests, errors and latencies of the last minute and the last five", (t) => {
  const counts = new Counts();
  const its = { key: "a", parts: [counts] };
  const { history, steps, pass } = open(t, () => [its]);
  steps(60, () => counts.ended(50, { errors: 5, ms: 100 }));
  steps(12, () => counts.ended(10));
  counts.ended(10, { ms: 2000 }); // seen at once, without a sample
  pass(2000);
  const minute = history.window(its, MINUTE_MS);
  assert.deepEqual([minute.requests, minute.errors, minute.errorRate, minute.ms], [130, 0, 0, 62_000]);
  assert.ok(Math.abs(minute.perSecond - 130 / 62) < 1e-9);
  assert.ok(minute.p50Ms! > 1.7 && minute.p50Ms! < 2.3, String(minute.p50Ms));
  assert.ok(minute.p99Ms! > 1800 && minute.p99Ms! < 2200, String(minute.p99Ms));
  const five = history.window(its, FIVE_MINUTES_MS);
  assert.ok(five.ms >= 300_000 && five.ms < 332_000, String(five.ms));
  assert.ok(five.errorRate > 0.08 && five.errorRate < 0.1, String(five.errorRate));
});

test("History.window() tells of what began a moment ago, and knows no latency without a request", (t) => {
  const counts = new Counts();
  const its = { key: "a", parts: [counts] };
  const { history, steps, pass } = open(t, () => [its]);
  pass(2000);
  assert.equal(history.window(its, MINUTE_MS).p50Ms, undefined);
  counts.ended(4, { errors: 1 });
  const { requests, errorRate, perSecond } = history.window(its, MINUTE_MS);
  assert.deepEqual([requests, errorRate, perSecond], [4, 0.25, 2]);
  steps(1);
  assert.equal(history.window(its, MINUTE_MS).requests, 4);
  steps(13);
  assert.equal(history.window(its, MINUTE_MS).requests, 0);
});

test("History keeps counts beyond 2 ** 32 apart", (t) => {
  const counts = new Counts();
  counts.requests = 2 ** 32 - 5;
  const its = { key: "a", parts: [counts] };
  const { history, steps } = open(t, () => [its]);
  steps(14);
  counts.ended(10);
  assert.equal(history.window(its, MINUTE_MS).requests, 10);
});

test("History takes counts that fell for a new beginning, not for a flood", (t) => {
  const [stays, goes] = [new Counts(), new Counts()];
  let parts = [stays, goes];
  const { history, steps } = open(t, () => [{ key: "a", parts, plotted: true }]);
  stays.ended(100);
  goes.ended(100);
  steps(3);
  parts = [stays];
  steps(1);
  assert.equal(history.window({ key: "a", parts }, MINUTE_MS).requests, 0);
  stays.ended(5);
  steps(1);
  assert.equal(history.window({ key: "a", parts }, MINUTE_MS).requests, 5);
  assert.deepEqual(history.plots().plots.get("a")!.requests.slice(-2), [0, 1]);
});

test("History.plots() has rates and latencies of each step, the oldest first, and forgets what is gone", (t) => {
  const counts = new Counts();
  let watched: Watched[] = [{ key: "a", parts: [counts], plotted: true }, { key: "b", parts: [counts] }];
  const { history, steps } = open(t, () => watched);
  steps(1, () => counts.ended(10, { errors: 5 }));
  steps(1);
  const { plots, step, stepMs } = history.plots();
  assert.deepEqual([[...plots.keys()], step, stepMs], [["a"], 1, STEP_MS]);
  const { requests, errors, p50 } = plots.get("a")!;
  assert.deepEqual([requests, errors], [[2, 0], [1, 0]]);
  assert.ok(p50[0]! > 1.7 && p50[0]! < 2.3);
  assert.equal(p50[1], null);
  steps(200);
  assert.equal(history.plots().plots.get("a")!.requests.length, 180);
  watched = [];
  steps(1);
  assert.deepEqual([history.plots().plots.size, history.bytes], [0, 0]);
});

test("History.flow() has the rates of the last minute's steps, the newest first", (t) => {
  const counts = new Counts();
  const its = { key: "a", parts: [counts] };
  const { history, steps } = open(t, () => [its]);
  assert.deepEqual(history.flow(its), []);
  steps(2);
  steps(1, () => counts.ended(50));
  steps(1, () => counts.ended(5));
  assert.deepEqual(history.flow(its), [1, 10, 0, 0]);
  steps(20);
  assert.deepEqual(history.flow(its), Array(12).fill(0));
});

test("History.sample() leaves steps empty in which the process stood still", (t) => {
  const counts = new Counts();
  const { history, steps, pass } = open(t, () => [{ key: "a", parts: [counts], plotted: true }]);
  steps(2);
  counts.ended(40);
  pass(3 * STEP_MS);
  steps(1);
  assert.deepEqual(history.plots().plots.get("a")!.requests, [0, 0, null, null, null, 2]);
});

test("History keeps a thousand busy servers and a hundred backends within 10 MiB", (t) => {
  const counts = new Counts();
  counts.ended(1);
  const server = (i: number) => ({ key: `server ${i}`, parts: [counts] });
  const backend = (i: number) => ({ key: `backend ${i}`, parts: [counts], plotted: true });
  const watched = [
    ...Array.from({ length: 1000 }, (_, i) => server(i)),
    ...Array.from({ length: 100 }, (_, i) => backend(i)),
  ];
  const { history, steps } = open(t, () => watched);
  steps(1);
  assert.ok(history.bytes > 1e6 && history.bytes < 10 * 2 ** 20, String(history.bytes));
});

test("History.start() takes a sample in every step, and stop() frees the timer", (t) => {
  const clock = new Clock(t);
  const history = new History(() => []);
  history.start();
  history.start();
  clock.pass(STEP_MS, STEP_MS);
  clock.pass(STEP_MS, STEP_MS);
  assert.equal(history.step, 1);
  history.stop();
  assert.equal(clock.timers, 0);
  clock.pass(STEP_MS, STEP_MS);
  assert.equal(history.step, 1);
});

test("History.start() lets everything else go on while it takes a sample of many", async (t) => {
  const clock = new Clock(t);
  let asked = 0;
  const history = new History(function* () {
    while (asked < 10) {
      asked++;
      clock.now += 2; // reading it took so long
      yield { key: String(asked), parts: [], plotted: true };
    }
  });
  history.start();
  clock.pass(STEP_MS, STEP_MS);
  assert.deepEqual([asked, history.step], [1, -1]);
  while (history.step < 0) { // a turn of everything else is a timer or an immediate, as the runtime has it
    await clock.advance(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(asked, 10);
  assert.equal(history.plots().plots.size, 10);
  history.stop();
});
