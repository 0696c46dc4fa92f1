import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import type { Framing } from "../../../src/http/framing.ts";
import { BodyReader } from "../../../src/http1/body-reader.ts";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { namesOf } from "../../support/fields.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");
const readerOf = (framing: Framing) => new BodyReader(framing, "bad_request", DEFAULT_LIMITS);

test("BodyReader.read() has nothing to do for a length of 0", () => {
  const reader = readerOf({ kind: "length", length: 0 });
  assert.equal(reader.done, true);
  assert.equal(reader.read(bytes("next"), 0), 0);
  assert.equal(reader.data, undefined);
});

test("BodyReader.read() takes no byte behind the length", () => {
  const reader = readerOf({ kind: "length", length: 3 });
  assert.equal(reader.read(bytes(".abcd"), 1), 4);
  assert.equal(reader.data!.toString(), "abc");
  assert.equal(reader.done, true);
});

test("BodyReader.read() counts a length over many pieces", () => {
  const reader = readerOf({ kind: "length", length: 5 });
  assert.equal(reader.read(bytes("ab"), 0), 2);
  assert.equal(reader.done, false);
  assert.equal(reader.read(bytes(""), 0), 0);
  assert.equal(reader.data, undefined);
  assert.equal(reader.read(bytes("cdef"), 0), 3);
  assert.equal(reader.data!.toString(), "cde");
  assert.equal(reader.done, true);
});

test("BodyReader.read() does not copy the data", () => {
  const whole = bytes("abc");
  const reader = readerOf({ kind: "length", length: 10 });
  reader.read(whole, 0);
  assert.equal(reader.data, whole);
  const part = bytes(".abc");
  reader.read(part, 1);
  assert.equal(reader.data!.buffer, part.buffer);
  const chunked = readerOf({ kind: "chunked" });
  const chunk = bytes("3\r\nabc\r\n0\r\n\r\n");
  chunked.read(chunk, 0);
  assert.equal(chunked.data!.buffer, chunk.buffer);
});

test("BodyReader.read() takes everything until the end of the connection", () => {
  const reader = readerOf({ kind: "close" });
  assert.equal(reader.endsWithConnection, true);
  assert.equal(reader.read(bytes("0\r\n\r\n"), 0), 5);
  assert.equal(reader.data!.toString(), "0\r\n\r\n");
  assert.equal(reader.done, false);
});

for (const framing of [{ kind: "length", length: 1 }, { kind: "chunked" }] as const) {
  test(`BodyReader.endsWithConnection is false for ${framing.kind}`, () =>
    assert.equal(readerOf(framing).endsWithConnection, false));
}

test("BodyReader.read() gives one piece of data for each chunk and call", () => {
  const reader = readerOf({ kind: "chunked" });
  const chunk = bytes("2\r\nab\r\n1;x\r\nc\r\n0\r\nT: 1\r\n\r\nnext");
  let at = reader.read(chunk, 0);
  assert.equal(reader.data!.toString(), "ab");
  at = reader.read(chunk, at);
  assert.equal(reader.data!.toString(), "c");
  at = reader.read(chunk, at);
  assert.equal(reader.data, undefined);
  assert.equal(reader.done, true);
  assert.deepEqual(namesOf(reader.trailers!), ["T"]);
  assert.equal(chunk.toString("latin1", at), "next");
});

test("BodyReader.trailers is undefined where there are none", () => {
  for (const end of ["0\r\n\r\n", "00;x\r\n\r\n"]) {
    const reader = readerOf({ kind: "chunked" });
    for (const byte of end) reader.read(bytes(byte), 0);
    assert.equal(reader.done, true);
    assert.equal(reader.trailers, undefined);
  }
});

test("BodyReader.read() takes a length as great as a number can count", () => {
  const reader = readerOf({ kind: "length", length: Number.MAX_SAFE_INTEGER });
  assert.equal(reader.read(bytes("abc"), 0), 3);
  assert.equal(reader.done, false);
});

const limited: [trailers: string, blame: "bad_request" | "upstream_invalid", kind: string][] = [
  ["T: " + "x".repeat(300), "bad_request", "headers_too_large"],
  ["T: " + "x".repeat(300), "upstream_invalid", "answer_head_too_large"],
  ["A:1\r\nB:2\r\nC:3\r\n", "bad_request", "headers_too_large"],
  ["A:1\r\nB:2\r\nC:3\r\n", "upstream_invalid", "answer_head_too_large"],
];
for (const [trailers, blame, kind] of limited) {
  test(`BodyReader.read() refuses ${trailers.length} bytes of trailers with ${kind} (${blame})`, () => {
    const limits = { headerSize: 256, headerCount: 2, targetSize: 64 };
    for (const size of [1, 50, trailers.length + 3]) {
      const reader = new BodyReader({ kind: "chunked" }, blame, limits);
      const text = "0\r\n" + trailers;
      assert.throws(() => {
        for (let at = 0; at < text.length; at += size) reader.read(bytes(text.slice(at, at + size)), 0);
      }, (error) => error instanceof ProxyError && error.kind === kind);
    }
  });
}
