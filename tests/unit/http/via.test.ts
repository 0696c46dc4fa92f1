import assert from "node:assert/strict";
import { test } from "node:test";
import { timesLooped, timesVia } from "../../../src/http/via.ts";

const cases: [via: string, times: number][] = [
  ["", 0],
  ["1.1 sluice", 1],
  ["1.1 SLUICE", 1],
  ["HTTP/1.1 sluice", 1],
  ["1.1 sluice (a comment)", 1],
  ["1.1\tsluice\t(a comment)", 1],
  ["  1.1   sluice  ", 1],
  ["1.1 sluice, 1.1 other, 1.0 sluice", 2],
  ["1.1 sluice,1.1 sluice,,1.1 sluice,", 3],
  ["sluice", 0],
  ["1.1", 0],
  ["1.1 sluice:8080", 0],
  ["1.1 sluice2", 0],
  ["1.1 xsluice", 0],
  ["1.1 other (sluice)", 0],
  ["1.1 other sluice", 0],
  ["\xff \xff", 0],
];
for (const [via, times] of cases) {
  test(`timesVia() finds "${via}" ${times} times by`, () => assert.equal(timesVia(via, "Sluice"), times));
}

test("timesVia() takes linear time for long values", () => {
  const started = performance.now();
  for (const value of [",", " ", "a ", "1.1 sluice,", "\t"]) {
    timesVia(value.repeat(50_000), "sluice");
    timesLooped(value.repeat(50_000), "sluice");
  }
  assert.ok(performance.now() - started < 500);
});

const loops: [cdnLoop: string, times: number][] = [
  ["", 0],
  ["sluice", 1],
  ["SLUICE", 1],
  ["sluice; id=1", 1],
  ["sluice ;id=1", 1],
  [" sluice\t, other,sluice", 2],
  ["sluice:8080", 0],
  ["xsluice", 0],
  ["sluice2", 0],
  ["other; sluice", 0],
  ["1.1 sluice", 0],
];
for (const [cdnLoop, times] of loops) {
  test(`timesLooped() finds "${cdnLoop}" ${times} times by (RFC 8586 §2)`, () =>
    assert.equal(timesLooped(cdnLoop, "Sluice"), times));
}
