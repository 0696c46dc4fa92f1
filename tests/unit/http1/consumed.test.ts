import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { RequestDecoder, type RequestHead } from "../../../src/http1/request-decoder.ts";
import { namesOf, valuesOf } from "../../support/fields.ts";

const HEAD = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
const LONG_HEAD = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5004\r\n\r\n";
const LONG = "x".repeat(5000);

interface Reading {
  /** The chunks that the decoder gave up. */
  readonly consumed: string[];
  readonly heads: RequestHead[];
}

/**
 * Reads all of `pieces`, one after another or those of an array together; whatever the decoder gives up is overwritten at once,
 * as whoever takes it may do.
 */
function readingOf(decoder: RequestDecoder, ...pieces: (string | string[])[]): Reading {
  decoder.collectsConsumed = true;
  const consumed: string[] = [];
  const heads: RequestHead[] = [];
  for (const given of pieces) {
    for (const piece of [given].flat()) decoder.push(Buffer.from(piece));
    for (let step = decoder.next(); step !== "more"; step = decoder.next()) {
      if (step === "head") heads.push(decoder.head);
    }
    for (let chunk = decoder.takeConsumed(); chunk !== undefined; chunk = decoder.takeConsumed()) {
      consumed.push(chunk.toString());
      chunk.fill("!");
    }
  }
  return { consumed, heads };
}

function consumedOf(...pieces: string[]): string[] {
  return readingOf(new RequestDecoder(DEFAULT_LIMITS), ...pieces).consumed;
}

test("Decoder.takeConsumed() gives every chunk up once it was read to its end, but one that a head stands in", () => {
  assert.deepEqual(consumedOf(HEAD + "ab", "cd"), ["cd"]);
});

test("Decoder.takeConsumed() gives a large chunk up, out of which the head was copied", () => {
  const { consumed, heads } = readingOf(new RequestDecoder(DEFAULT_LIMITS), LONG_HEAD + LONG, "cd12");
  assert.deepEqual(consumed, [LONG_HEAD + LONG, "cd12"]);
  assert.deepEqual(valuesOf(heads[0]!.fields), ["a", "5004"]);
});

test("Decoder.takeConsumed() gives a chunk that a head stands in up as little where another waited behind it", () => {
  const { consumed, heads } = readingOf(new RequestDecoder(DEFAULT_LIMITS), [HEAD + "ab", "cd"]);
  assert.deepEqual(consumed, ["cd"]);
  assert.deepEqual(valuesOf(heads[0]!.fields), ["a", "4"]);
});

test("Decoder.takeConsumed() gives a large chunk up, out of which the head was copied, where another waited behind it", () => {
  const { consumed, heads } = readingOf(new RequestDecoder(DEFAULT_LIMITS), [LONG_HEAD + LONG, "cd12"]);
  assert.deepEqual(consumed.toSorted(), [LONG_HEAD + LONG, "cd12"].toSorted());
  assert.deepEqual(valuesOf(heads[0]!.fields), ["a", "5004"]);
});

test("Decoder.head keeps its fields while later chunks and heads come and go", () => {
  const next = "POST /next HTTP/1.1\r\nX-Other: b\r\nHost: b\r\nContent-Length: 2\r\n\r\nxy";
  const { consumed, heads } = readingOf(
    new RequestDecoder(DEFAULT_LIMITS),
    HEAD,
    "ab",
    "cd",
    next,
    HEAD + "abcd",
  );
  assert.deepEqual(consumed, ["ab", "cd"]);
  assert.deepEqual(heads.map(({ fields }) => valuesOf(fields)), [["a", "4"], ["b", "b", "2"], ["a", "4"]]);
});

test("Decoder.takeConsumed() gives the chunks up that a head came in where they are several", () => {
  const { consumed, heads } = readingOf(
    new RequestDecoder(DEFAULT_LIMITS),
    HEAD.slice(0, 20),
    HEAD.slice(20),
  );
  assert.deepEqual(consumed, [HEAD.slice(0, 20), HEAD.slice(20)]);
  assert.deepEqual(namesOf(heads[0]!.fields), ["Host", "Content-Length"]);
  assert.deepEqual(valuesOf(heads[0]!.fields), ["a", "4"]);
});

test("Decoder.takeConsumed() gives no chunk up in which one message follows another", () => {
  assert.deepEqual(consumedOf(LONG_HEAD + LONG, "cd12" + LONG_HEAD + LONG, "cd34"), [
    LONG_HEAD + LONG,
    "cd34",
  ]);
});

test("Decoder.trailers stay what they are when the chunk is given up that they came in", () => {
  const decoder = new RequestDecoder(DEFAULT_LIMITS);
  const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const { consumed } = readingOf(decoder, head, "0\r\nA: 1\r\nB: 2\r\n\r\n");
  assert.deepEqual(consumed, ["0\r\nA: 1\r\nB: 2\r\n\r\n"]);
  assert.deepEqual(namesOf(decoder.trailers!), ["A", "B"]);
  assert.deepEqual(valuesOf(decoder.trailers!), ["1", "2"]);
});

test("Decoder.takeConsumed() gives nothing up that was not read", () => {
  const decoder = new RequestDecoder(DEFAULT_LIMITS);
  decoder.collectsConsumed = true;
  decoder.push(Buffer.from(HEAD + "ab"));
  decoder.next();
  assert.equal(decoder.takeConsumed(), undefined);
});
