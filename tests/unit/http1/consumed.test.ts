import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "../../../src/http/limits.ts";
import { RequestDecoder } from "../../../src/http1/request-decoder.ts";

const HEAD = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";

/** The chunks that a decoder gives up when it has read all of `pieces`. */
function consumedOf(...pieces: string[]): string[] {
  const decoder = new RequestDecoder(DEFAULT_LIMITS);
  decoder.collectsConsumed = true;
  const consumed: string[] = [];
  const take = () => {
    for (let chunk = decoder.takeConsumed(); chunk !== undefined; chunk = decoder.takeConsumed()) {
      consumed.push(chunk.toString());
    }
  };
  for (const piece of pieces) {
    decoder.push(Buffer.from(piece));
    while (decoder.next() !== "more");
    take();
  }
  return consumed;
}

test("Decoder.takeConsumed() gives every chunk up once it was read to its end", () => {
  assert.deepEqual(consumedOf(HEAD + "ab", "cd"), [HEAD + "ab", "cd"]);
});

test("Decoder.takeConsumed() gives no chunk up in which one message follows another", () => {
  assert.deepEqual(consumedOf(HEAD + "ab", "cd" + HEAD + "ab", "cd"), [HEAD + "ab", "cd"]);
});

test("Decoder.takeConsumed() gives nothing up that was not read", () => {
  const decoder = new RequestDecoder(DEFAULT_LIMITS);
  decoder.collectsConsumed = true;
  decoder.push(Buffer.from(HEAD + "ab"));
  decoder.next();
  assert.equal(decoder.takeConsumed(), undefined);
});
