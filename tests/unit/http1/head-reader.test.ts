import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { HeadReader, type HeadRules } from "../../../src/http1/head-reader.ts";
import { namesOf, valuesOf } from "../../support/fields.ts";

const rules: HeadRules = {
  limits: { headerSize: 256, headerCount: 3, targetSize: 64 },
  blame: "bad_request",
  tooLarge: "headers_too_large",
  startLineTooLong: "target_too_long",
  hasStartLine: true,
};
const bytes = (text: string) => Buffer.from(text, "latin1");

/** The kind of error with which `text`, in pieces of `size` bytes, is refused; undefined where it is not. */
function refusal(text: string, size = text.length, reader = new HeadReader(rules)): string | undefined {
  try {
    for (let at = 0; at < text.length; at += size) {
      if (reader.push(bytes(text.slice(at, at + size)), 0) !== -1) return undefined;
    }
  } catch (error) {
    if (error instanceof ProxyError) return error.kind;
    throw error;
  }
  return undefined;
}

function startLineOf({ bytes, begin, startLineEnd }: HeadReader): string {
  return bytes.toString("latin1", begin, startLineEnd);
}

/** A head of `size` bytes with one field. */
function headOf(size: number): string {
  return "S\r\nA: " + "x".repeat(size - 10) + "\r\n\r\n";
}

test("HeadReader.push() returns the index behind the head, counted in the chunk", () => {
  const reader = new HeadReader(rules);
  assert.equal(reader.push(bytes("..GET\r\nA: 1\r\n\r\nbody"), 2), 15);
  assert.equal(startLineOf(reader), "GET");
  assert.deepEqual(namesOf(reader.fields()), ["A"]);
});

test("HeadReader.push() returns -1 until the head is complete, then the index in the last chunk", () => {
  const reader = new HeadReader(rules);
  assert.equal(reader.push(bytes("..GE"), 2), -1);
  assert.equal(reader.begun, true);
  assert.equal(reader.push(bytes("T\r"), 0), -1);
  assert.equal(reader.push(bytes("\n\r"), 0), -1);
  assert.equal(reader.push(bytes("..\nbody"), 2), 3);
  assert.equal(startLineOf(reader), "GET");
  assert.equal(reader.fields().size, 0);
});

test("HeadReader.push() keeps what came even when the chunk's bytes change afterwards", () => {
  const reader = new HeadReader(rules);
  const first = bytes("GET\r\nA: 1");
  reader.push(first, 0);
  first.fill(0);
  reader.push(bytes("2\r\n\r\n"), 0);
  assert.equal(startLineOf(reader), "GET");
  assert.deepEqual(valuesOf(reader.fields()), ["12"]);
});

test("HeadReader.reset() makes ready for the next head", () => {
  const reader = new HeadReader(rules);
  reader.push(bytes("ONE\r\nA: 1"), 0);
  reader.push(bytes("\r\n\r\n"), 0);
  reader.reset();
  assert.equal(reader.begun, false);
  assert.equal(reader.push(bytes("TWO\r\n\r\n"), 0), 7);
  assert.equal(startLineOf(reader), "TWO");
  assert.equal(reader.fields().size, 0);
});

test("HeadReader.fields() removes the blanks around values, not within", () => {
  const reader = new HeadReader(rules);
  reader.push(bytes("S\r\nA: \t a\t b \t\r\nB:\r\nC:c\r\n\r\n"), 0);
  assert.deepEqual(valuesOf(reader.fields()), ["a\t b", "", "c"]);
});

test("HeadReader.fields() keeps every byte that a value may hold, as latin1", () => {
  let value = "x";
  for (let code = 0x20; code < 0x100; code++) if (code !== 0x7f) value += String.fromCharCode(code);
  value = (value + "\tx").replace("x ", "x. ");
  const reader = new HeadReader({ ...rules, limits: { ...rules.limits, headerSize: 1024 } });
  reader.push(bytes(`S\r\nA: ${value}\r\n\r\n`), 0);
  assert.deepEqual(valuesOf(reader.fields()), [value]);
});

test("HeadReader.push() reads fields without a start line where the rules say so", () => {
  const reader = new HeadReader({ ...rules, hasStartLine: false });
  assert.equal(reader.push(bytes("A: 1\r\n\r\n"), 0), 8);
  assert.equal(startLineOf(reader), "");
  reader.reset();
  assert.equal(reader.push(bytes("\r\n"), 0), 2);
  assert.equal(reader.fields().size, 0);
});

for (let code = 0; code < 256; code++) {
  const byte = String.fromCharCode(code);
  const shown = "0x" + code.toString(16).padStart(2, "0");
  const inValue = code === 9 || (code >= 0x20 && code !== 0x7f);
  const inName = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(byte);
  test(`HeadReader.push() ${inValue ? "accepts" : "refuses"} the byte ${shown} in a value`, () => {
    assert.equal(refusal(`S\r\nA: x${byte}y\r\n\r\n`), inValue ? undefined : "bad_request");
    assert.equal(refusal(`S\r\nA: ${byte}\r\n\r\n`, 1), inValue ? undefined : "bad_request");
  });
  // A colon inside a name ends it.
  if (byte === ":") continue;
  test(`HeadReader.push() ${inName ? "accepts" : "refuses"} the byte ${shown} in a name`, () => {
    for (const name of [`${byte}A`, `A${byte}A`, `A${byte}`]) {
      assert.equal(refusal(`S\r\n${name}: x\r\n\r\n`), inName ? undefined : "bad_request");
      assert.equal(refusal(`S\r\n${name}: x\r\n\r\n`, 1), inName ? undefined : "bad_request");
    }
  });
}

const limits: [text: string, kind: string | undefined, why: string][] = [
  [headOf(255), undefined, "takes a head one byte below the limit"],
  [headOf(256), undefined, "takes a head of just the limit"],
  [headOf(258), "headers_too_large", "refuses a head two bytes over the limit"],
  [headOf(1000), "headers_too_large", "refuses a head far over the limit"],
  ["S\r\nA: " + "x".repeat(251), "headers_too_large", "refuses bytes at the limit that hold no whole head"],
  ["S\r\nA:1\r\nB:2\r\nC:3\r\n\r\n", undefined, "takes as many fields as the limit"],
  ["S\r\nA:1\r\nB:2\r\nC:3\r\nD", "headers_too_large", "refuses the first byte of a field too many"],
  ["S".repeat(128), undefined, "waits for the end of a start line at the limit"],
  ["S".repeat(129), "target_too_long", "refuses a start line that does not end"],
];
for (const [text, kind, why] of limits) {
  test(`HeadReader.push() ${why}, in any pieces`, () => {
    for (const size of [1, 2, 3, 7, 100, text.length]) assert.equal(refusal(text, size), kind);
  });
}

test("HeadReader.push() names the errors as the rules say", () => {
  const upstream = {
    ...rules,
    blame: "upstream_invalid",
    tooLarge: "response_timeout",
    startLineTooLong: "internal_error",
  } as const;
  assert.equal(refusal("\n", 1, new HeadReader(upstream)), "upstream_invalid");
  assert.equal(refusal(headOf(300), 300, new HeadReader(upstream)), "response_timeout");
  assert.equal(refusal("S".repeat(200), 200, new HeadReader(upstream)), "internal_error");
});
