import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHttpDate, parseHttpDate } from "../../../src/http/date.ts";

const NOW = Date.UTC(2026, 10, 29);
const MOMENT = Date.UTC(1994, 10, 6, 8, 49, 37);

const CASES: readonly (readonly [text: string, ms: number | undefined])[] = [
  ["Sun, 06 Nov 1994 08:49:37 GMT", MOMENT],
  ["Sunday, 06-Nov-94 08:49:37 GMT", MOMENT],
  ["Sun Nov  6 08:49:37 1994", MOMENT],
  ["Thursday, 18-Aug-50 02:01:18 GMT", Date.UTC(2050, 7, 18, 2, 1, 18)],
  ["Thursday, 18-Aug-77 02:01:18 GMT", Date.UTC(1977, 7, 18, 2, 1, 18)],
  ["Thu, 29 Feb 2024 23:59:60 GMT", Date.UTC(2024, 2, 1)],
  ["Thu, 29 Feb 2023 00:00:00 GMT", undefined],
  ["Thu, 18 Aug 2050 24:01:18 GMT", undefined],
  ["Thu, 18 Aug 2050 02:60:18 GMT", undefined],
  ["THU, 18 Aug 2050 02:01:18 GMT", undefined],
  ["Thu, 18 AUG 2050 02:01:18 GMT", undefined],
  ["Thu, 18 anF 2050 02:01:18 GMT", undefined],
  ["Thu, 18 Aug 2050 02:01:18 UTC", undefined],
  ["Thu, 18 Aug 50 02:01:18 GMT", undefined],
  ["Thu 18 Aug 2050 02:01:18 GMT", undefined],
  ["Thu, 18  Aug  2050 02:01:18 GMT", undefined],
  ["Thu, 18 Aug 2050 2:01:18 GMT", undefined],
  ["Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:18 GMT", undefined],
  ["0", undefined],
  ["", undefined],
];
for (const [text, ms] of CASES) {
  test(`parseHttpDate() reads "${text}" as ${ms ?? "nothing"} (RFC 9110 §5.6.7)`, () => {
    assert.equal(parseHttpDate(text, NOW), ms);
  });
}

test("formatHttpDate() writes what parseHttpDate() reads", () => {
  assert.equal(parseHttpDate(formatHttpDate(MOMENT), NOW), MOMENT);
});
