import assert from "node:assert/strict";
import { test } from "node:test";
import { entityTags, stronglyEqual, weaklyEqual } from "../../../src/http/entity-tag.ts";

const LISTS: readonly (readonly [value: string, tags: readonly string[] | undefined])[] = [
  ['"a"', ['"a"']],
  ['W/"a"', ['W/"a"']],
  ['"a", W/"b" ,"c"', ['"a"', 'W/"b"', '"c"']],
  ['"a, b"', undefined], // no blanks in a tag
  ['"a,b"', ['"a,b"']],
  [', "a",, ', ['"a"']],
  ['""', ['""']],
  ["a", undefined],
  ['w/"a"', undefined],
  ['"a"x', undefined],
  ['"a""b"', undefined],
  ['"a', undefined],
];
for (const [value, tags] of LISTS) {
  test(`entityTags() reads ${value} (RFC 9110 §8.8.3)`, () => assert.deepEqual(entityTags(value), tags));
}

const PAIRS: readonly (readonly [one: string, other: string, strong: boolean, weak: boolean])[] = [
  ['W/"1"', 'W/"1"', false, true],
  ['W/"1"', 'W/"2"', false, false],
  ['W/"1"', '"1"', false, true],
  ['"1"', '"1"', true, true],
];
for (const [one, other, strong, weak] of PAIRS) {
  test(`${one} and ${other} compare as RFC 9110 §8.8.3.2 says`, () => {
    assert.deepEqual([stronglyEqual(one, other), weaklyEqual(one, other)], [strong, weak]);
  });
}
