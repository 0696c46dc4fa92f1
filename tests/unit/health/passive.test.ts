import assert from "node:assert/strict";
import { test } from "node:test";
import { PassiveHealth } from "../../../src/health/passive.ts";

const RULES = { enabled: true, failures: 5, time: 10_000, maxTime: 300_000 };

/** `outcomes`: `-` a failure, `r` a refused connection, `+` an answer. `enough`: after each failure `y` or `n`. */
const rows: [outcomes: string, enough: string, why: string][] = [
  ["-----", "nnnny", "is true at the fifth failure in a row"],
  ["------", "nnnnyy", "stays true while nobody ejects"],
  ["----+-----", "nnnnnnnny", "counts from 0 after an answer"],
  ["-+-+-+-+-+-", "nnnnnn", "is not true for failures that are not in a row"],
  ["r", "y", "is true at once for a refused connection"],
  ["--r", "nny", "is true at once for a refused connection, whatever was before"],
  ["r+-", "yn", "counts from 0 after an answer that followed a refused connection"],
];
for (const [outcomes, enough, why] of rows) {
  test(`PassiveHealth.failed() ${why}`, () => {
    const health = new PassiveHealth(RULES);
    let seen = "";
    for (const outcome of outcomes) {
      if (outcome === "+") health.passed();
      else seen += health.failed(outcome === "r") ? "y" : "n";
    }
    assert.equal(seen, enough);
  });
}

test("PassiveHealth.failed() is true at the first failure where one is enough", () => {
  assert.equal(new PassiveHealth({ ...RULES, failures: 1 }).failed(false), true);
});

test("PassiveHealth.failed() is never true where ejection is off", () => {
  const health = new PassiveHealth({ ...RULES, enabled: false });
  for (let i = 0; i < 20; i++) assert.equal(health.failed(i % 2 === 0), false);
});

test("PassiveHealth.failed() counts from 0 after an ejection", () => {
  const health = new PassiveHealth(RULES);
  for (let i = 0; i < 5; i++) health.failed(false);
  health.eject(0);
  assert.deepEqual([1, 2, 3, 4, 5].map(() => health.failed(false)), [false, false, false, false, true]);
});

test("PassiveHealth.failed() counts from 0 after the return, whatever came in while it was out", () => {
  const health = new PassiveHealth(RULES);
  health.eject(0);
  for (let i = 0; i < 9; i++) health.failed(false); // requests that were under way
  health.readmit();
  assert.deepEqual([1, 2, 3, 4, 5].map(() => health.failed(false)), [false, false, false, false, true]);
});

test("PassiveHealth.eject() lasts n times as long the n-th time in a row, up to the maximum", () => {
  const health = new PassiveHealth({ ...RULES, maxTime: 35_000 });
  assert.deepEqual([0, 0, 0, 0, 0].map((now) => health.eject(now)), [
    10_000,
    20_000,
    30_000,
    35_000,
    35_000,
  ]);
});

test("PassiveHealth.eject() keeps to the maximum the first time, too", () => {
  assert.equal(new PassiveHealth({ ...RULES, maxTime: 3000 }).eject(0), 3000);
});

test("PassiveHealth.eject() begins with the shortest time again after an answer", () => {
  const health = new PassiveHealth(RULES);
  health.eject(0);
  health.eject(0);
  health.passed();
  assert.equal(health.eject(0), 10_000);
});

test("PassiveHealth.readmit() does not forget how often the server was out", () => {
  const health = new PassiveHealth(RULES);
  health.eject(0);
  health.readmit();
  assert.equal(health.isEjected(1), false);
  assert.equal(health.eject(0), 20_000);
});

const times: [now: number, ejected: boolean][] = [[500, true], [10_499, true], [10_500, false], [1e9, false]];
for (const [now, ejected] of times) {
  test(`PassiveHealth.isEjected() is ${ejected} at ${now} for one of 10 s at 500`, () => {
    const health = new PassiveHealth(RULES);
    assert.equal(health.isEjected(now), false);
    health.eject(500);
    assert.equal(health.ejectedUntil, 10_500);
    assert.equal(health.isEjected(now), ejected);
  });
}
