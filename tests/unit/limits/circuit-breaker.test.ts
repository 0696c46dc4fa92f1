import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type BreakerChange,
  type BreakerRules,
  CircuitBreaker,
} from "../../../src/limits/circuit-breaker.ts";

const RULES: BreakerRules = {
  errors: 0.5,
  slow: 100,
  slowShare: 0.5,
  minRequests: 4,
  window: 10_000,
  openFor: 5000,
  trialRequests: 1,
};

/** A breaker on a clock of its own, to which requests are told in a word: each letter is how one ends. */
class Told {
  now = 50_000;
  readonly changes: BreakerChange[] = [];
  readonly breaker: CircuitBreaker;

  constructor(rules: Partial<BreakerRules> = {}) {
    this.breaker = new CircuitBreaker({ ...RULES, ...rules }, (change) => this.changes.push(change));
  }

  /** `+` goes well, `-` fails, `s` is slow, `x` is left by its client. Returns how many were let through. */
  tell(word: string): number {
    let through = 0;
    for (const letter of word) {
      const pass = this.breaker.enter(this.now);
      if (pass === 0) continue;
      through++;
      const outcome = letter === "x" ? undefined : { failed: letter === "-", ms: letter === "s" ? 100 : 99 };
      this.breaker.leave(pass, outcome, this.now);
    }
    return through;
  }
}

const CASES: [word: string, opens: boolean, why: string, rules?: Partial<BreakerRules>][] = [
  ["+---", true, "opens at the share of failures"],
  ["++--", true, "opens at exactly the share"],
  ["+++---", true, "counts all of the window"],
  ["+++--", false, "stays closed below the share"],
  ["---", false, "stays closed below the least number of requests"],
  ["--++", true, "opens where a request that goes well makes up the number"],
  ["++ss", true, "opens at the share of slow ones"],
  ["+-s+", false, "does not add failures to slow ones"],
  ["ssss", false, "knows no slow ones without a limit", { slow: Infinity }],
  ["---xxxx", false, "counts nothing of clients that leave"],
  ["++++", false, "does not open without a failure, whatever the share", { errors: 0, slowShare: 0 }],
  ["+++-", true, "opens at the first failure where the share is 0", { errors: 0 }],
];
for (const [word, opens, why, rules] of CASES) {
  test(`CircuitBreaker ${why} (${word})`, () => {
    const told = new Told(rules);
    told.tell(word);
    assert.equal(told.breaker.state, opens ? "open" : "closed");
  });
}

test("CircuitBreaker tells what it saw when it opens", () => {
  const told = new Told();
  told.tell("+-s-");
  assert.deepEqual(told.changes, [{ to: "open", requests: 4, errors: 2, slow: 1 }]);
});

test("CircuitBreaker forgets what is older than its window, a part at a time", () => {
  const told = new Told();
  told.tell("---");
  told.now += 9000; // still within the window
  told.tell("+");
  assert.equal(told.breaker.state, "open");
  const other = new Told();
  other.tell("---");
  other.now += 10_000;
  other.tell("+---");
  assert.deepEqual(other.changes, [{ to: "open", requests: 4, errors: 3, slow: 0 }]);
});

test("CircuitBreaker forgets failures while requests keep coming", () => {
  const told = new Told();
  told.tell("+++--");
  told.now += 5000;
  told.tell("++++");
  told.now += 5000;
  told.tell("--");
  assert.equal(told.breaker.state, "closed");
});

test("CircuitBreaker lets nothing through while it is open, and says how long that is", () => {
  const told = new Told();
  told.tell("----");
  told.now += 4999;
  assert.equal(told.tell("+++"), 0);
  assert.equal(told.breaker.waitMs(told.now), 1);
});

test("CircuitBreaker closes when the trials have gone well, and begins to count anew", () => {
  const told = new Told({ trialRequests: 2 });
  told.tell("----");
  told.now += 5000;
  told.tell("+");
  assert.equal(told.breaker.state, "half_open");
  told.tell("+");
  assert.equal(told.breaker.state, "closed");
  told.tell("---");
  assert.equal(told.breaker.state, "closed");
  assert.deepEqual(told.changes.map(({ to }) => to), ["open", "half_open", "closed"]);
});

for (const bad of ["-", "s"]) {
  test(`CircuitBreaker opens anew when a trial ends as ${bad}`, () => {
    const told = new Told({ trialRequests: 2 });
    told.tell("----");
    told.now += 5000;
    told.tell(`+${bad}`);
    assert.equal(told.breaker.state, "open");
    assert.equal(told.breaker.waitMs(told.now), 5000);
  });
}

test("CircuitBreaker has no more trials under way than it may", () => {
  const { breaker } = new Told({ trialRequests: 2 });
  for (let i = 0; i < 4; i++) breaker.leave(breaker.enter(0), { failed: true, ms: 1 }, 0);
  const trials = [5000, 5000, 5000, 5000].map((now) => breaker.enter(now));
  assert.deepEqual(trials.map((trial) => trial > 0), [true, true, false, false]);
  breaker.leave(trials[0]!, undefined, 5000); // its client left: another may take its place
  assert.deepEqual([breaker.enter(5001) > 0, breaker.enter(5001) > 0], [true, false]);
});

test("CircuitBreaker tries once more where a trial does not end within open_for", () => {
  const { breaker } = new Told();
  for (let i = 0; i < 4; i++) breaker.leave(breaker.enter(0), { failed: true, ms: 1 }, 0);
  assert.notEqual(breaker.enter(5000), 0);
  assert.equal(breaker.enter(9999), 0);
  const second = breaker.enter(10_000);
  assert.notEqual(second, 0);
  breaker.leave(second, { failed: false, ms: 1 }, 10_001);
  assert.equal(breaker.state, "closed");
});

test("CircuitBreaker takes no heed of what began before its state", () => {
  const { breaker } = new Told();
  const late = breaker.enter(0);
  for (let i = 0; i < 4; i++) breaker.leave(breaker.enter(0), { failed: true, ms: 1 }, 0);
  const trial = breaker.enter(5000);
  breaker.leave(late, { failed: true, ms: 5000 }, 5000);
  assert.equal(breaker.state, "half_open");
  breaker.leave(trial, { failed: false, ms: 1 }, 5001);
  assert.equal(breaker.state, "closed");
});
