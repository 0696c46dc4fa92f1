import assert from "node:assert/strict";
import { test } from "node:test";
import { cutValue, JoinedValue } from "../../../src/config/value-parts.ts";

const PROTO = JSON.parse(`{"__proto__":1,"b":${JSON.stringify("x".repeat(2_000_000))},"c":[[],{}]}`);

const values: [what: string, value: unknown][] = [
  ["a plain value", 1],
  ["a small table", { a: [1, { b: "c", d: undefined }], e: new Uint8Array([1, 2]) }],
  ["a long list", Array.from({ length: 30_000 }, (_, i) => ({ i }))],
  ["a large table", Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`k${i}`, [i]]))],
  ["large things in large things", {
    a: [{ b: Array.from({ length: 20_000 }, (_, i) => i), c: 1 }, 2],
    d: 3,
  }],
  ["much text, and a key that is a prototype's", PROTO],
];
for (const [what, value] of values) {
  test(`JoinedValue has ${what} again as cutValue() was given it, in the same order and frozen`, () => {
    const joined = new JoinedValue();
    for (const part of cutValue(value)) joined.add(structuredClone(part));
    const again = joined.end();
    assert.deepEqual(again, value);
    assert.equal(JSON.stringify(again), JSON.stringify(value));
    assert.ok(Object.isFrozen(again));
  });
}

test("cutValue() makes parts that are all small", () => {
  const list = Array.from({ length: 30_000 }, (_, i) => ({ i, text: "x".repeat(100) }));
  const parts = cutValue({ list });
  assert.ok(parts.length > 10 && parts.length < 100);
  assert.ok(parts.every((part) => JSON.stringify(part).length < 500_000));
});
