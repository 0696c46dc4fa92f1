import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import type { BodySink, BodySource } from "../../../src/message/body.ts";
import { TappedBody } from "../../../src/message/body-tap.ts";
import { KeptBytes } from "../../../src/message/kept-bytes.ts";

const MIB = 1024 * 1024;

test("KeptBytes keeps copies of all pieces, in their order", () => {
  const kept = new KeptBytes();
  const piece = new Uint8Array(3);
  for (let i = 0; i < 100; i++) kept.add(piece.fill(i));
  piece.fill(255);
  assert.equal(kept.size, 300);
  assert.deepEqual([...kept.bytes], Array.from({ length: 300 }, (_, i) => Math.floor(i / 3)));
});

test("TappedBody keeps little memory, however small the pieces of a body are", () => {
  const piece = new Uint8Array(1);
  const sink: BodySink = { write: () => true, flush: () => true, end() {}, fail() {} };
  const fill = () => {
    let tap: BodySink | undefined;
    const source: BodySource = {
      length: undefined,
      start: (its) => void (tap = its),
      resume() {},
      cancel() {},
    };
    new TappedBody(source, MIB, { onWhole() {}, onLost() {} }).start(sink);
    for (let i = 0; i < 65_000; i++) tap!.write(piece);
    return tap;
  };
  fill();
  const before = process.memoryUsage().rss;
  const taps = Array.from({ length: 20 }, fill); // 1.3 MB of what clients sent; a piece of its own for each byte: 100 MiB and more
  const grown = process.memoryUsage().rss - before;
  assert.equal(taps.length, 20);
  assert.ok(grown < 60 * MIB, `${grown >> 20} MiB`);
});
