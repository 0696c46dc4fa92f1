import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { ProxyError } from "../../src/base/errors.ts";
import { MAX_CHUNK_EXTENSION_BYTES, MAX_CHUNK_LINE_BYTES } from "../../src/http/head-limits.ts";
import { DEFAULT_LIMITS } from "../support/default-limits.ts";
import { RequestDecoder } from "../../src/http1/request-decoder.ts";
import { ResponseDecoder } from "../../src/http1/response-decoder.ts";
import { refusalOf, requests, responses } from "../support/codec/events.ts";

// Where a limit strikes must not depend on how the bytes were cut, nor on what else is wrong behind it.

test("Decoder refuses a head of one byte over the limit, in any pieces (RFC 9110 §5.4)", () => {
  const begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const text = begin + "x".repeat(32769 - begin.length - 4) + "\r\n\r\n";
  assert.match(refusalOf(requests(text)) ?? "accepted", /^431 headers_too_large: /);
});

test("Decoder refuses a head whose bare CR stands at the limit, in any pieces (RFC 9110 §5.4)", () => {
  const begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const text = begin + "x".repeat(32767 - begin.length) + "\rx";
  assert.match(refusalOf(requests(text)) ?? "accepted", /^431 headers_too_large: /);
});

test("RequestDecoder refuses a method of 17,000 bytes, in any pieces (RFC 9112 §3)", () => {
  const text = "M".repeat(17_000) + " / HTTP/1.1\r\nHost: a\r\n\r\n";
  assert.match(refusalOf(requests(text)) ?? "accepted", /^414 target_too_long: /);
});

test("RequestDecoder refuses a long start line that is none for its length, in any pieces (RFC 9112 §3)", () => {
  for (const line of ["x".repeat(17_000), "GET /" + "x".repeat(17_000) + "\0"]) {
    const text = line + "\r\nHost: a\r\n\r\n";
    assert.match(refusalOf(requests(text)) ?? "accepted", /^414 target_too_long: /);
  }
});

test("ResponseDecoder refuses a reason of 17,000 bytes, in any pieces (RFC 9112 §4)", () => {
  const text = "HTTP/1.1 204 " + "x".repeat(17_000) + "\r\n\r\n";
  assert.match(refusalOf(responses(text)) ?? "accepted", /^502 upstream_invalid: /);
});

const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const { headerSize, targetSize } = DEFAULT_LIMITS;

/** What begins and then never ends, and the bytes after which it must be refused. */
const endless: [what: string, begin: string, more: string, maxBytes: number, section: string][] = [
  ["a method", "", "M", targetSize + 64, "RFC 9112 §3"],
  ["a target", "GET /", "x", targetSize + 64, "RFC 9112 §3"],
  ["empty lines", "", "\r\n", 4, "RFC 9112 §2.2"],
  ["a field name", "GET / HTTP/1.1\r\n", "x", headerSize, "RFC 9110 §5.4"],
  ["a field value", "GET / HTTP/1.1\r\nX: ", "x", headerSize, "RFC 9110 §5.4"],
  ["blanks before a field value", "GET / HTTP/1.1\r\nX:", " ", headerSize, "RFC 9110 §5.4"],
  ["fields", "GET / HTTP/1.1\r\n", "X:\r\n", 16 + 100 * 4, "RFC 9110 §5.4"],
  ["a chunk size", chunked, "0", 16, "RFC 9112 §7.1"],
  ["an extension", chunked + "1;", "x", MAX_CHUNK_LINE_BYTES, "RFC 9112 §7.1.1"],
  ["a quoted extension", chunked + '1;a="', "x", MAX_CHUNK_LINE_BYTES, "RFC 9112 §7.1.1"],
  ["blanks in an extension", chunked + "1;", " ", MAX_CHUNK_LINE_BYTES, "RFC 9112 §7.1.1"],
  ["chunks with extensions", chunked, "1;x\r\nx\r\n", 4 * MAX_CHUNK_EXTENSION_BYTES, "RFC 9112 §7.1.1"],
  ["a trailer", chunked + "0\r\nX: ", "x", headerSize, "RFC 9112 §7.1.2"],
  ["trailers", chunked + "0\r\n", "X:\r\n", 100 * 4, "RFC 9112 §7.1.2"],
  ["a status line", "HTTP/1.1 200 ", "x", targetSize + 64, "RFC 9112 §4"],
];
for (const [what, begin, more, maxBytes, section] of endless) {
  test(`Decoder refuses ${what} without end, having kept ${maxBytes} bytes at most (${section})`, () => {
    for (const pieceBytes of [1, 1000]) {
      const decoder = begin.startsWith("HTTP")
        ? new ResponseDecoder(DEFAULT_LIMITS)
        : new RequestDecoder(DEFAULT_LIMITS);
      const piece = Buffer.from(more.repeat(Math.ceil(pieceBytes / more.length)));
      let pushedBytes = 0;
      assert.throws(() => {
        decoder.push(Buffer.from(begin));
        while (decoder.next() !== "more");
        while (pushedBytes <= maxBytes) {
          decoder.push(piece);
          pushedBytes += piece.length;
          while (decoder.next() !== "more");
          assert.equal(decoder.unread, 0);
        }
      }, ProxyError);
    }
  });
}
