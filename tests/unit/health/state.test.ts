import assert from "node:assert/strict";
import { test } from "node:test";
import { type HealthState, observe, UNKNOWN_HEALTH } from "../../../src/health/state.ts";

const UP: HealthState = { up: true, streak: 0, known: true };
const DOWN: HealthState = { up: false, streak: 0, known: true };

/** `results`: `+` a pass, `-` a failure. `states`: after each of them `U` up, `D` down, and the streak if any. */
const rows: [from: HealthState, rise: number, fall: number, results: string, states: string, why: string][] =
  [
    [UNKNOWN_HEALTH, 3, 3, "+", "U", "lets the first result decide alone, a pass"],
    [UNKNOWN_HEALTH, 3, 3, "-", "D", "lets the first result decide alone, a failure"],
    [UNKNOWN_HEALTH, 2, 2, "-+", "D D1", "counts from the second result on"],
    [UNKNOWN_HEALTH, 1, 1, "-+-+", "D U D U", "turns round with every result where both thresholds are 1"],
    [UP, 2, 3, "---", "U1 U2 D", "takes a server out at `fall` failures in a row"],
    [UP, 2, 3, "---+", "U1 U2 D D1", "begins a new streak after turning round"],
    [DOWN, 2, 3, "++", "D1 U", "brings a server back at `rise` passes in a row"],
    [UP, 2, 3, "--+--+", "U1 U2 U U1 U2 U", "forgets failures at a pass"],
    [DOWN, 3, 2, "++-++-", "D1 D2 D D1 D2 D", "forgets passes at a failure"],
    [UP, 2, 2, "+++", "U U U", "has no streak while all passes"],
    [DOWN, 2, 2, "---", "D D D", "has no streak while all fails"],
    [DOWN, 1, 5, "+----", "U U1 U2 U3 U4", "keeps the two thresholds apart"],
    [DOWN, 5, 1, "++++-", "D1 D2 D3 D4 D", "keeps the two thresholds apart, the other way"],
  ];
for (const [from, rise, fall, results, states, why] of rows) {
  test(`observe() ${why}`, () => {
    let state = from;
    const seen = [...results].map((result) => {
      state = observe(state, result === "+", { rise, fall });
      assert.equal(state.known, true);
      return `${state.up ? "U" : "D"}${state.streak || ""}`;
    });
    assert.equal(seen.join(" "), states);
  });
}

test("observe() leaves the state that it is given alone", () => {
  const before = Object.freeze({ ...UP, streak: 1 });
  assert.notEqual(observe(before, false, { rise: 2, fall: 2 }), before);
});
