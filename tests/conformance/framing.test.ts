import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalOf, requests } from "../support/codec/events.ts";

const head = "POST / HTTP/1.1\r\nHost: a\r\n";
const next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
const nextEvents = ["GET origin /next HTTP/1.1 a (length 0)", "field Host: a", "end", "idle"];

const accepted: [lines: string, body: string, framing: string, data: string[], section: string][] = [
  ["", "", "length 0", [], "RFC 9112 §6.3"],
  ["Content-Length: 0\r\n", "", "length 0", [], "RFC 9112 §6.2"],
  ["Content-Length: 5\r\n", "hello", "length 5", ["data hello"], "RFC 9112 §6.2"],
  ["Content-Length: 4\r\n", "\r\n\r\n", "length 4", ["data \r\n\r\n"], "RFC 9112 §6.2"],
  ["Content-Length: 007\r\n", "GET / X", "length 7", ["data GET / X"], "RFC 9110 §8.6"],
  ["Content-Length:\t3 \r\n", "\0\xff\x80", "length 3", ["data \0\xff\x80"], "RFC 9110 §8.6"],
  ["Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n", "chunked", ["data abc"], "RFC 9112 §7.1"],
  ["Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n", "chunked", [], "RFC 9112 §7"],
];
for (const [lines, body, framing, data, section] of accepted) {
  test(`RequestDecoder ends ${JSON.stringify(lines + body)} where the next request begins (${section})`, () => {
    const events = requests(head + lines + "\r\n" + body + next);
    assert.equal(events[0], `POST origin / HTTP/1.1 a (${framing})`);
    const from = events.findIndex((event) => event.startsWith("data") || event === "end");
    assert.deepEqual(events.slice(from), [...data, "end", ...nextEvents]);
  });
}

test("RequestDecoder takes a request with a body for every method alike (RFC 9112 §6)", () => {
  for (const method of ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "QUERY"]) {
    const events = requests(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab${next}`);
    assert.deepEqual(events.slice(3), ["data ab", "end", ...nextEvents]);
  }
});

test("RequestDecoder reads a length in HTTP/1.0 (RFC 9112 §6.3)", () =>
  assert.deepEqual(requests("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab").slice(2), [
    "data ab",
    "end",
    "idle",
  ]));

test("RequestDecoder never reads a request until the end of the connection (RFC 9112 §6.3)", () =>
  assert.deepEqual(requests("POST / HTTP/1.0\r\n\r\n").slice(1), ["end", "idle"]));

const TE = "Transfer-Encoding: ";
const refused: [lines: string, status: number, what: string][] = [
  ["Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400, "both lengths and chunks"],
  ["Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400, "both chunks and a length"],
  ["Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", 400, "chunks and a length of 0"],
  ["Transfer-Encoding: chunked\r\ncontent-length:\r\n", 400, "chunks and an empty length"],
  ["Content-Length: 5\r\nTransfer-Encoding: identity\r\n", 400, "a length and identity"],
  ["Content-Length: 5\r\nContent-Length: 5\r\n", 400, "a repeated length"],
  ["Content-Length: 5\r\nCONTENT-LENGTH: 6\r\n", 400, "differing lengths"],
  ["Content-Length: 5, 5\r\n", 400, "a list of lengths"],
  ["Content-Length: 5, 6\r\n", 400, "a list of differing lengths"],
  ["Content-Length:\r\n", 400, "an empty length"],
  ["Content-Length: -1\r\n", 400, "a negative length"],
  ["Content-Length: +5\r\n", 400, "a length with a sign"],
  ["Content-Length: 0x5\r\n", 400, "a hexadecimal length"],
  ["Content-Length: 5 6\r\n", 400, "a length with a blank"],
  ["Content-Length: 5.0\r\n", 400, "a length with a point"],
  ["Content-Length: 5e0\r\n", 400, "a length with an exponent"],
  ["Content-Length: 1_0\r\n", 400, "a length with an underscore"],
  ["Content-Length: \xb2\r\n", 400, "a superscript digit"],
  ["Content-Length: 9007199254740992\r\n", 400, "a length that a number cannot count"],
  ["Content-Length: 18446744073709551619\r\n", 400, "a length beyond 64 bits"],
  ["Content-Length : 5\r\n", 400, "a length whose name is followed by a blank"],
  ["Content-Length: 5\r\n 0\r\n", 400, "a folded length"],
  [TE + "\r\n", 400, "an empty coding"],
  [TE + "identity\r\n", 400, "identity"],
  [TE + "chunked, identity\r\n", 400, "chunked before identity"],
  [TE + "identity, chunked\r\n", 400, "identity before chunked"],
  [TE + "chunked, chunked\r\n", 400, "chunked twice"],
  [TE + "chunked, gzip\r\n", 400, "chunked before gzip"],
  [TE + "chunked\r\nTransfer-Encoding: chunked\r\n", 400, "a repeated Transfer-Encoding"],
  [TE + "gzip\r\nTransfer-Encoding: chunked\r\n", 400, "a Transfer-Encoding of two lines"],
  [TE + "chunked;a=b\r\n", 400, "a parameter of chunked"],
  [TE + '"chunked"\r\n', 400, "a quoted coding"],
  [TE + "chunked,\r\n", 400, "a comma behind chunked"],
  [TE + ",chunked\r\n", 400, "a comma before chunked"],
  [TE + "chun\tked\r\n", 400, "a tab within chunked"],
  [TE + "\x0bchunked\r\n", 400, "a vertical tab before chunked"],
  [TE + "chunked\0\r\n", 400, "a NUL behind chunked"],
  ["Transfer-Encoding : chunked\r\n", 400, "Transfer-Encoding followed by a blank"],
  ["Transfer-Encoding:\r\n chunked\r\n", 400, "a folded coding"],
  [TE + "xchunked\r\n", 501, "a coding that ends like chunked"],
  [TE + "cow\r\n", 501, "an unknown coding"],
  [TE + "gzip\r\n", 501, "gzip alone"],
  [TE + "gzip, chunked\r\n", 501, "gzip before chunked"],
  [TE + "deflate, x-gzip ,\tchunked\r\n", 501, "two codings before chunked"],
];
for (const [lines, status, what] of refused) {
  test(`RequestDecoder refuses ${what} with ${status} (RFC 9112 §6.3)`, () =>
    assert.match(
      refusalOf(requests(head + lines + "\r\n0\r\n\r\n")) ?? "accepted",
      new RegExp(`^${status} `),
    ));
}

test("RequestDecoder refuses Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1)", () =>
  assert.match(
    refusalOf(requests("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")) ??
      "accepted",
    /^400 bad_request: /,
  ));

const cuts: [text: string, what: string][] = [
  ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell", "in a body with a length"],
  ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "before a body with a length"],
  ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabc", "in a chunk"],
  ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "between chunks"],
  [
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    "before the last empty line",
  ],
  ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: 1\r\n", "in the trailers"],
  ["POST / HTTP/1.1\r\nHost: a\r\n", "in a head"],
];
for (const [text, what] of cuts) {
  test(`RequestDecoder calls a request cut that ends ${what} (RFC 9112 §8)`, () =>
    assert.equal(requests(text).at(-1), "cut"));
}
