import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import type { Fields } from "../../../src/http/fields.ts";
import { Output } from "../../../src/http1/output.ts";
import { RequestDecoder } from "../../../src/http1/request-decoder.ts";

let everyByte = "";
for (let code = 0; code < 256; code++) everyByte += String.fromCharCode(code);

/** Takes what was collected, as text, and uses it up. */
function taken(output: Output): string {
  const text = output.take().toString("latin1");
  output.settle(true);
  return text;
}

test("Output.take() joins text and bytes in order", () => {
  const output = new Output();
  output.text("a\xe9");
  output.bytes(Uint8Array.of(0, 255));
  output.text("");
  output.bytes(Buffer.from("z".repeat(100)));
  assert.equal(output.size, 104);
  assert.equal(taken(output), "a\xe9\0\xff" + "z".repeat(100));
});

test("Output.text() writes latin1, byte for character", () => {
  const output = new Output();
  output.text(everyByte);
  assert.deepEqual([...output.take()], Array.from({ length: 256 }, (_, i) => i));
});

test("Output.take() leaves nothing behind", () => {
  const output = new Output();
  output.text("a");
  taken(output);
  assert.equal(output.size, 0);
  assert.equal(taken(output), "");
  output.text("b");
  assert.equal(taken(output), "b");
});

test("Output.bytes() copies, so that what was given may change", () => {
  for (const length of [3, 3000]) {
    const output = new Output();
    const given = Buffer.alloc(length, "x");
    output.bytes(given);
    given.fill("!");
    assert.equal(taken(output), "x".repeat(length));
  }
});

test("Output grows beyond a page", () => {
  const output = new Output();
  let expected = "";
  for (let i = 0; i < 300; i++) {
    output.text(`${i} `);
    output.bytes(Buffer.alloc(i * 5, "x"));
    expected += `${i} ` + "x".repeat(i * 5);
  }
  assert.equal(output.size, expected.length);
  assert.equal(taken(output), expected);
});

test("Output.cut() takes back what was collected last, lines included", () => {
  const output = new Output();
  const fields = fieldsOf("A: 1\r\nB: 2\r\n");
  output.text("kept");
  const { size } = output;
  output.text("not");
  output.line(fields, 1);
  output.cut(size);
  output.text("!");
  assert.equal(taken(output), "kept!");
  output.text("not");
  output.cut(0);
  assert.equal(output.size, 0);
});

test("Output.settle() lets the page be used again where it was used up, and gives it away where it was not", () => {
  const output = new Output();
  output.text("first");
  const first = output.take();
  output.settle(false);
  const others = [new Output(), new Output(), output];
  for (const other of others) other.text("OTHER");
  assert.equal(first.toString(), "first");
  for (const other of others) assert.equal(taken(other), "OTHER");
  assert.equal(first.toString(), "first");
});

test("Output gives a copy of its own size to one who once kept what he got, and to one of whom that is known", () => {
  const kept = new Output();
  kept.text("first");
  kept.take();
  kept.settle(false);
  for (const output of [kept, new Output(true)]) {
    output.text("second");
    const second = output.take();
    output.settle(false);
    assert.equal(second.length, 6);
    output.text("THIRD!");
    assert.equal(second.toString(), "second");
    assert.equal(taken(output), "THIRD!");
    assert.equal(second.toString(), "second");
  }
});

function fieldsOf(lines: string): Fields {
  const decoder = new RequestDecoder(DEFAULT_LIMITS);
  decoder.push(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`, "latin1"));
  assert.equal(decoder.next(), "head");
  return decoder.head.fields;
}

const forms: [line: string, written: string][] = [
  ["A: 1", "A: 1"],
  ["A: \xe9 \t:", "A: \xe9 \t:"],
  ["A:1", "A: 1"],
  ["A:  1", "A: 1"],
  ["A:\t1", "A: 1"],
  ["A: \t1", "A: 1"],
  ["A: 1 ", "A: 1"],
  ["A: 1\t", "A: 1"],
  ["A:", "A: "],
  ["A: ", "A: "],
  ["A:  ", "A: "],
];
for (const [line, written] of forms) {
  test(`Output.line() writes ${JSON.stringify(line)} with one blank in front of its value and none after it`, () => {
    const output = new Output();
    const fields = fieldsOf(`${line}\r\nB: 2\r\n`);
    output.line(fields, 1);
    output.line(fields, 2);
    assert.equal(taken(output), `${written}\r\nB: 2\r\n`);
  });
}

test("Output.line() writes lines of any order and of several messages, changed and added ones among them", () => {
  const output = new Output();
  const one = fieldsOf("A: 1\r\nB: 2\r\nC: 3\r\n");
  const other = fieldsOf("A: 4\r\nB: 5\r\nC: 6\r\n");
  one.append("D", "7");
  other.setValue(2, "changed");
  output.text("<");
  for (const line of [1, 2, 3, 4]) output.line(one, line);
  for (const line of [3, 1, 2, 3]) output.line(other, line);
  output.line(one, 2);
  output.text(">");
  assert.equal(
    taken(output),
    "<A: 1\r\nB: 2\r\nC: 3\r\nD: 7\r\nC: 6\r\nA: 4\r\nB: changed\r\nC: 6\r\nB: 2\r\n>",
  );
});
