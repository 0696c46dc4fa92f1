import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { JsonLines, JsonPart } from "../../../src/base/json-lines.ts";

/** What `act` writes, in memory of `capacity` bytes at first. */
function written(
  act: (lines: JsonLines) => void,
  { capacity = 4096, valueSize = 2048, now = () => 0 }: {
    capacity?: number;
    valueSize?: number;
    now?: () => number;
  } = {},
): string {
  const lines = new JsonLines({ capacity, valueSize, now, onLine() {} });
  act(lines);
  return new TextDecoder().decode(lines.take());
}

test("JsonLines writes parts of every length as they are", () => {
  for (let length = 0; length < 20; length++) {
    const text = "0123456789abcdefghij".slice(0, length);
    assert.equal(written((lines) => [1, 2].forEach(() => lines.part(new JsonPart(text)))), text + text);
  }
});

test("JsonLines writes parts of any characters as UTF-8", () => {
  const text = '\u{1f600}ü\x7f\x01"ÿ\uffff\u{10ffff}';
  assert.equal(written((lines) => lines.part(new JsonPart(text))), text);
});

test("JsonLines writes texts as JSON, whatever characters they hold, and none that a terminal may obey", () => {
  for (let code = 0; code < 0x300; code++) {
    const text = `a${String.fromCharCode(code)}b`;
    const json = written((lines) => lines.text(text));
    assert.equal(JSON.parse(json), text);
    const bytes = Buffer.from(`x${text}x`, "latin1");
    const ofBytes = written((lines) => lines.latin1(bytes, 1, bytes.length - 1));
    if (code < 256) assert.equal(ofBytes, json);
    assert.match(json, /^[\x20-\x7e\xa0-\u02ff]+$/);
  }
});

test("JsonLines cuts texts that are longer than a value may be", () => {
  for (const text of ["x".repeat(17), "ü".repeat(17)]) {
    const json = written((lines) => lines.text(text), { valueSize: 16 });
    assert.equal(
      written((lines) => lines.latin1(Buffer.from(text, "latin1"), 0, 17), { valueSize: 16 }),
      json,
    );
    assert.match(JSON.parse(json), /^(x{16}|ü{8})\.\.\.\[cut from 17\]$/);
  }
  assert.equal(written((lines) => lines.text("x".repeat(16)), { valueSize: 16 }), `"${"x".repeat(16)}"`);
});

const NUMBERS = [0, 7, 10, 99, 100, 101, 999, 1000, 123_456_789, 999_999_999, 1e9, 2 ** 31, 2 ** 53 - 1];
for (const number of NUMBERS) {
  test(`JsonLines writes ${number} as JSON does`, () => {
    assert.equal(written((lines) => lines.whole(number)), JSON.stringify(number));
  });
}

test("JsonLines writes tenths as JSON writes what is rounded to them", () => {
  for (const ms of [0, 0.04, 0.05, 0.1, 0.96, 1, 1.25, 9.99, 12.34, 99.95, 1000.04, 86_400_000.5]) {
    assert.equal(written((lines) => lines.tenths(ms)), JSON.stringify(Math.round(ms * 10) / 10));
  }
  assert.equal(written((lines) => lines.tenths(-0.5)), "0");
});

test("JsonLines writes the time of each line", () => {
  const times = [0, 7, 99, 100, 999, 1000, 1_795_932_586_123, 1_795_932_587_004];
  let i = 0;
  const text = written((lines) => times.forEach(() => lines.time()), { now: () => times[i++]! });
  assert.equal(text, times.map((ms) => new Date(ms).toISOString()).join(""));
});

test("JsonLines takes more memory for lines that need it, and gives it back", () => {
  const long = "x".repeat(5000);
  const wide = "ü".repeat(5000);
  const lines = new JsonLines({ capacity: 128, valueSize: 20_000, now: Date.now, onLine() {} });
  for (let round = 0; round < 2; round++) {
    lines.text(long);
    lines.part(new JsonPart(long));
    lines.text(wide);
    lines.latin1(Buffer.from(long), 0, long.length);
    lines.line(long);
    for (let i = 0; i < 200; i++) lines.whole(123_456_789);
    const taken = new TextDecoder().decode(lines.take());
    assert.equal(taken, `"${long}"${long}"${wide}""${long}"${long}${"123456789".repeat(200)}`);
  }
  assert.equal(lines.capacity, 128);
});
