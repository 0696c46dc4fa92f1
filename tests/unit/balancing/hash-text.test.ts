import assert from "node:assert/strict";
import { test } from "node:test";
import { hashText, mix32 } from "../../../src/balancing/hash-text.ts";
import { Random } from "../../support/codec/random.ts";
import { assertFits } from "./support.ts";

/** Texts as keys are, much alike. */
const ALIKE: readonly string[] = Array.from({ length: 30_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);

test("hashText() is a whole number of 32 bits that depends on the text alone", () => {
  for (const text of ["", "a", "b", "ab", "ba", "\0", "\0\0", "č", "𝒳", "x".repeat(10_000)]) {
    const hash = hashText(text);
    assert.ok(Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32);
    assert.equal(hashText(`${text}-`.slice(0, -1)), hash);
  }
});

test("hashText() tells short texts apart, those of zeros and of code units that differ in the high byte too", () => {
  const texts = ["", "\0", "\0\0", "\0\0\0", "a", "\u0161", "\u6161", "ab", "ba", "aa"];
  assert.equal(new Set(texts.map(hashText)).size, texts.length);
});

test("hashText() stays what it is: proxies of two releases agree", () => {
  assert.deepEqual(["", "a", "http://10.0.0.1:80", "/x?y=č"].map(hashText), [
    0,
    721651713,
    942263013,
    2848051264,
  ]);
});

test("hashText() spreads texts that are much alike evenly, by its high and by its low bits", () => {
  for (const bucketOf of [(hash: number) => hash >>> 26, (hash: number) => hash & 63]) {
    const counts = Array.from({ length: 64 }, () => 0);
    for (const text of ALIKE) counts[bucketOf(hashText(text))]!++;
    assertFits(counts, counts.map(() => 1));
  }
});

test("hashText() has few equal hashes among texts that are much alike", () => {
  assert.ok(new Set(ALIKE.map(hashText)).size >= ALIKE.length - 2);
});

test("mix32() and hashText() turn about half of the bits where one bit changes", () => {
  const random = new Random(1);
  for (let bit = 0; bit < 32; bit++) {
    let turned = 0;
    for (let i = 0; i < 1000; i++) {
      const from = random.below(2 ** 32);
      turned += bitsOf(mix32(from) ^ mix32(from ^ (1 << bit)));
    }
    assert.ok(turned > 15_000 && turned < 17_000, `bit ${bit}: ${turned} of 32000`);
  }
  for (let bit = 0; bit < 8; bit++) {
    for (const at of [0, 3, 7]) {
      let turned = 0;
      for (const text of ALIKE.slice(5000, 6000)) {
        const changed = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
        turned += bitsOf(hashText(text) ^ hashText(text.slice(0, at) + changed + text.slice(at + 1)));
      }
      assert.ok(turned > 15_000 && turned < 17_000, `bit ${bit} at ${at}: ${turned} of 32000`);
    }
  }
});

test("mix32() maps no two numbers to one", () => {
  const mixed = new Set<number>();
  for (let i = 0; i < 100_000; i++) mixed.add(mix32(i));
  assert.equal(mixed.size, 100_000);
});

function bitsOf(number: number): number {
  let bits = 0;
  for (let left = number; left !== 0; left &= left - 1) bits++;
  return bits;
}
