import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../../src/base/units.ts";

const durations: [text: string, ms: number][] = [
  ["0s", 0],
  ["250ms", 250],
  ["5s", 5000],
  ["1.5s", 1500],
  ["1.1s", 1100],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["0.5ms", 1],
];
for (const [text, ms] of durations) {
  test(`parseDuration() reads "${text}" as ${ms} ms`, () => assert.equal(parseDuration(text), ms));
}

for (
  const text of [
    "5",
    "",
    "s",
    "-1s",
    "1 s",
    "1S",
    "1h30m",
    "1d",
    ".5s",
    "1.s",
    "1e3s",
    "0.1ms",
    "99999999999999h",
    "5s\n",
  ]
) {
  test(`parseDuration() refuses ${JSON.stringify(text)}`, () =>
    assert.throws(() => parseDuration(text), RangeError));
}

test("parseDuration() says what is accepted, for a number without unit", () => {
  assert.throws(() => parseDuration("5"), {
    message:
      'Cannot read the duration "5": accepted is a number with its unit, such as "250ms", "5s", "2m" or "1h"',
  });
});

const sizes: [text: string, bytes: number][] = [
  ["0B", 0],
  ["512B", 512],
  ["1KB", 1000],
  ["64KiB", 65536],
  ["10MB", 10_000_000],
  ["1.5MiB", 1_572_864],
  ["2GB", 2_000_000_000],
  ["1GiB", 1_073_741_824],
];
for (const [text, bytes] of sizes) {
  test(`parseSize() reads "${text}" as ${bytes} bytes`, () => assert.equal(parseSize(text), bytes));
}

for (const text of ["64", "", "KiB", "-1B", "1 KiB", "64kib", "1K", "1TiB", "0.1B"]) {
  test(`parseSize() refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseSize(text), RangeError));
}

test("parseSize() says what is accepted, for a number without unit", () => {
  assert.throws(() => parseSize("64"), {
    message:
      'Cannot read the size "64": accepted is a number with its unit, such as "512B", "64KiB", "10MB" or "1GiB"',
  });
});

const writtenDurations: [ms: number, text: string][] = [
  [0, "0ms"],
  [1, "1ms"],
  [1500, "1500ms"],
  [90_000, "90s"],
  [120_000, "2m"],
  [7_200_000, "2h"],
];
for (const [ms, text] of writtenDurations) {
  test(`formatDuration() writes ${ms} ms as "${text}", which reads back`, () => {
    assert.equal(formatDuration(ms), text);
    assert.equal(parseDuration(text), ms);
  });
}

const writtenSizes: [bytes: number, text: string][] = [
  [0, "0B"],
  [512, "512B"],
  [65536, "64KiB"],
  [10_000_000, "10MB"],
  [1_000_001, "1000001B"],
  [1_073_741_824, "1GiB"],
];
for (const [bytes, text] of writtenSizes) {
  test(`formatSize() writes ${bytes} bytes as "${text}", which reads back`, () => {
    assert.equal(formatSize(bytes), text);
    assert.equal(parseSize(text), bytes);
  });
}
