import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { Output } from "../../../src/http1/output.ts";

let everyByte = "";
for (let code = 0; code < 256; code++) everyByte += String.fromCharCode(code);

test("Output.take() joins text and bytes in order", () => {
  const output = new Output();
  output.add("a\xe9");
  output.add(Uint8Array.of(0, 255));
  output.add("");
  output.add(Buffer.from("z"));
  assert.equal(output.size, 5);
  assert.equal(output.take().toString("latin1"), "a\xe9\0\xffz");
});

test("Output.take() writes text as latin1, byte for character", () => {
  const output = new Output();
  output.add(everyByte);
  assert.deepEqual([...output.take()], Array.from({ length: 256 }, (_, i) => i));
});

test("Output.take() leaves nothing behind", () => {
  const output = new Output();
  output.add("a");
  output.take();
  assert.equal(output.size, 0);
  assert.equal(output.take().length, 0);
  output.add("b");
  assert.equal(output.take().toString(), "b");
});

test("Output.take() does not copy a single Buffer", () => {
  const output = new Output();
  const only = Buffer.from("only");
  output.add(only);
  assert.equal(output.take(), only);
});

test("Output.take() makes a Buffer of a single Uint8Array that is none", () => {
  const output = new Output();
  output.add(Uint8Array.of(97, 98));
  const taken = output.take();
  assert.equal(Buffer.isBuffer(taken), true);
  assert.equal(taken.toString(), "ab");
});
