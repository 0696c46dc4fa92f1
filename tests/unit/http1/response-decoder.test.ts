import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { ResponseDecoder } from "../../../src/http1/response-decoder.ts";
import { namesOf } from "../../support/fields.ts";

function decoderOf(text: string): ResponseDecoder {
  const decoder = new ResponseDecoder(DEFAULT_LIMITS);
  decoder.push(Buffer.from(text, "latin1"));
  return decoder;
}

test("ResponseDecoder.head has every part of an answer's head", () => {
  const decoder = decoderOf("HTTP/1.0 404 Not  here\t\xe9\r\nX: 1\r\nx: 2\r\n\r\n");
  assert.equal(decoder.next(), "head");
  const { status, reason, minorVersion, fields, framing } = decoder.head;
  assert.deepEqual({ status, reason, minorVersion, framing }, {
    status: 404,
    reason: "Not  here\t\xe9",
    minorVersion: 0,
    framing: { kind: "close" },
  });
  assert.deepEqual(namesOf(fields), ["X", "x"]);
});

test("ResponseDecoder.expect() decides whether the next answer has a body", () => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
  const decoder = decoderOf(answer + answer + "abc");
  decoder.expect("HEAD");
  assert.equal(decoder.next(), "head");
  assert.equal(decoder.next(), "end");
  decoder.expect("GET");
  assert.equal(decoder.next(), "head");
  assert.equal(decoder.next(), "data");
  assert.equal(decoder.next(), "end");
});

test("ResponseDecoder.expect() holds over interim answers", () => {
  const decoder = decoderOf("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
  decoder.expect("HEAD");
  const steps = [decoder.next(), decoder.next(), decoder.next(), decoder.next(), decoder.next()];
  assert.deepEqual(steps, ["head", "end", "head", "end", "more"]);
});
