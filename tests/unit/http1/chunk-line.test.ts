import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { ChunkLineReader } from "../../../src/http1/chunk-line.ts";
import { MAX_CHUNK_EXTENSION_BYTES, MAX_CHUNK_LINE_BYTES } from "../../../src/http/head-limits.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

/** Pushes `text` into `reader` at once and says what became of it. */
function push(reader: ChunkLineReader, text: string): "refused" | number {
  try {
    return reader.push(bytes(text), 0);
  } catch (error) {
    if (error instanceof ProxyError && error.kind === "bad_request") return "refused";
    throw error;
  }
}

const sizes: [line: string, size: number][] = [
  ["0", 0],
  ["5", 5],
  ["aF", 0xaf],
  ["0000000000000005", 5],
  ["1fffffffffffff", Number.MAX_SAFE_INTEGER],
];
for (const [line, size] of sizes) {
  test(`ChunkLineReader.push() reads the size ${line} and stops behind the line`, () => {
    const reader = new ChunkLineReader("bad_request");
    assert.equal(push(reader, line + "\r\nrest"), line.length + 2);
    assert.equal(reader.complete, true);
    assert.equal(reader.size, size);
  });
}

test("ChunkLineReader.push() starts where it is told to", () => {
  const reader = new ChunkLineReader("bad_request");
  assert.equal(reader.push(bytes("zz5\r\n"), 2), 5);
  assert.equal(reader.size, 5);
});

test("ChunkLineReader.push() reads a line in pieces of one byte", () => {
  const reader = new ChunkLineReader("bad_request");
  for (const byte of '1a;n="q\\"";m\r\n') {
    assert.equal(reader.complete, false);
    assert.equal(push(reader, byte), 1);
  }
  assert.equal(reader.complete, true);
  assert.equal(reader.size, 26);
});

test("ChunkLineReader.reset() makes ready for the next line", () => {
  const reader = new ChunkLineReader("bad_request");
  push(reader, "ff;a\r\n");
  reader.reset();
  assert.equal(reader.complete, false);
  push(reader, "3\r\n");
  assert.equal(reader.size, 3);
});

test("ChunkLineReader.push() takes a line of the greatest length, and not one byte more", () => {
  const line = (length: number) => "1;" + "e".repeat(length - 4) + "\r\n";
  assert.equal(
    push(new ChunkLineReader("bad_request"), line(MAX_CHUNK_LINE_BYTES + 1)),
    MAX_CHUNK_LINE_BYTES + 1,
  );
  assert.equal(push(new ChunkLineReader("bad_request"), line(MAX_CHUNK_LINE_BYTES + 2)), "refused");
});

test("ChunkLineReader.push() counts the extension bytes of all lines of a body", () => {
  const reader = new ChunkLineReader("bad_request");
  const line = "1;" + "e".repeat(510) + "\r\n"; // 511 bytes of extension, the CR among them
  const lines = Math.floor(MAX_CHUNK_EXTENSION_BYTES / 511);
  for (let i = 0; i < lines; i++) {
    assert.equal(push(reader, line), line.length);
    reader.reset();
  }
  assert.equal(push(reader, line), "refused");
});

test("ChunkLineReader.push() does not count sizes without extensions", () => {
  const reader = new ChunkLineReader("bad_request");
  for (let i = 0; i < MAX_CHUNK_EXTENSION_BYTES; i++) {
    assert.equal(push(reader, "1\r\n"), 3);
    reader.reset();
  }
});

test("ChunkLineReader.push() blames whom it was told to", () => {
  assert.throws(
    () => new ChunkLineReader("upstream_invalid").push(bytes("x"), 0),
    (error) => error instanceof ProxyError && error.kind === "upstream_invalid",
  );
});
