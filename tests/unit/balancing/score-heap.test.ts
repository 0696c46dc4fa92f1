import assert from "node:assert/strict";
import { test } from "node:test";
import { ScoreHeap } from "../../../src/balancing/score-heap.ts";
import { Random } from "../../support/codec/random.ts";

test("ScoreHeap.lowest is one of the lowest score, whatever was told", () => {
  const random = new Random(7);
  for (let size = 1; size < 40; size++) {
    const heap = new ScoreHeap(size);
    const scores = Array.from({ length: size }, () => random.below(20));
    heap.tellAll((member) => scores[member]!);
    for (let i = 0; i < 200; i++) {
      assert.equal(scores[heap.lowest!], Math.min(...scores));
      assert.equal(heap.lowestScore, Math.min(...scores));
      heap.tellLowest(scores[heap.lowest!] = random.chance(0.1) ? Infinity : random.below(40));
      if (!random.chance(0.05)) continue;
      for (let member = 0; member < size; member++) scores[member] = random.below(20);
      heap.tellAll((member) => scores[member]!);
    }
  }
});

test("ScoreHeap.lowest is undefined where there are no members", () => {
  const heap = new ScoreHeap(0);
  heap.tellAll(() => 0);
  assert.equal(heap.lowest, undefined);
});
