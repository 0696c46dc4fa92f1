import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { OrderedWriter } from "../../../src/net/ordered-writer.ts";

/** Writes each of `texts` to a place that takes as many bytes at a time as `room` says; -1 is an error. */
async function written(texts: string[], room: number[], wholeBytes?: number): Promise<[string, number[]]> {
  let all = "";
  const counts: number[] = [];
  const writer = new OrderedWriter((bytes) => {
    const taken = room.shift() ?? Infinity;
    if (taken < 0) return Promise.reject(new Error("No space left on device"));
    all += Buffer.from(bytes.subarray(0, taken)).toString();
    return Promise.resolve(Math.min(taken, bytes.length));
  }, wholeBytes);
  await new Promise<void>((resolve) => {
    for (const text of texts) {
      writer.write(Buffer.from(text), (count) => counts.push(count) === texts.length && resolve());
    }
  });
  return [all, counts];
}

test("OrderedWriter writes each text whole before the next, however little is taken at a time", async () => {
  assert.deepEqual(await written(["one\n", "two\n"], [1, 2]), ["one\ntwo\n", [4, 4]]);
});

test("OrderedWriter goes on behind what could not be written", async () => {
  assert.deepEqual(await written(["one\n", "two\n", "three\n"], [-1, -1]), ["three\n", [0, 0, 6]]);
});

test("OrderedWriter begins with a line of its own behind one that is cut short", async () => {
  assert.deepEqual(await written(["one\n", "two\n", "three\n"], [2, -1, -1]), ["on\nthree\n", [2, 0, 6]]);
  assert.deepEqual(await written(["one\ntwo\n", "three\n"], [4, -1]), ["one\nthree\n", [4, 6]]);
});

test("OrderedWriter begins with a line of its own where nobody knows how much was written", async () => {
  assert.deepEqual(await written(["12345\n", "three\n"], [-1], 4), ["\nthree\n", [0, 6]]);
  assert.deepEqual(await written(["123\n", "three\n"], [-1], 4), ["three\n", [0, 6]]);
});

test("OrderedWriter counts what texts cost that wait, however short they are", async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => open = resolve);
  const writer = new OrderedWriter((bytes) => gate.then(() => bytes.length));
  let done = 0;
  const all = new Promise<void>((resolve) => {
    for (let i = 0; i < 100; i++) writer.write(Buffer.from("\n"), () => ++done === 100 && resolve());
  });
  assert.ok(writer.pending > 50_000);
  open();
  await all;
  assert.equal(writer.pending, 0);
});
