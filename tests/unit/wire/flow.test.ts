import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { Flow } from "../../../src/wire/flow.ts";
import { eventually } from "../../support/eventually.ts";
import { Stuck } from "../../support/stuck.ts";

test("Flow holds its source back where many small pieces wait, and goes on when they are out", async () => {
  const from = new PassThrough();
  const to = new Stuck();
  const flow = new Flow(from as unknown as Socket, to as unknown as Socket, {
    tracker: undefined,
    masks: false,
    events: { onMoved() {}, onDropped() {}, onBroken() {}, onClosed() {} },
  });
  flow.start(new Uint8Array(0));
  let sent = "";
  for (let i = 0; i < 1000; i++) {
    const piece = String(i % 10);
    sent += piece;
    from.write(piece);
    await new Promise((resolve) => setImmediate(resolve)); // each is read by itself
  }
  assert.ok(to.writableLength <= 128, `${to.writableLength} pieces wait`);
  assert.equal(from.isPaused(), true);
  to.open();
  await eventually("all of it", () => to.taken.length === 1000);
  assert.equal(to.taken, sent);
  assert.equal(flow.bytes, 1000);
});

test("Flow gives the memory of a piece back when the piece is out, and not before", async () => {
  const from = new PassThrough();
  const to = new Stuck();
  const flow = new Flow(from as unknown as Socket, to as unknown as Socket, {
    tracker: undefined,
    masks: false,
    events: { onMoved() {}, onDropped() {}, onBroken() {}, onClosed() {} },
  });
  flow.start(new Uint8Array(0));
  const waiting = new Uint8Array(5000).fill(97);
  from.write(Buffer.from(waiting.buffer));
  await eventually("the piece", () => flow.bytes === 5000);
  assert.equal(waiting.byteLength, 5000);
  to.open();
  await eventually("its memory is back", () => waiting.byteLength === 0);
  const taken = new Uint8Array(6000).fill(98);
  from.write(Buffer.from(taken.buffer));
  await eventually("the memory of what is taken at once is back", () => taken.byteLength === 0);
  assert.equal(to.taken, "a".repeat(5000) + "b".repeat(6000));
});
