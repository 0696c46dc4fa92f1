import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { RequestDecoder } from "../../../src/http1/request-decoder.ts";
import { ResponseDecoder } from "../../../src/http1/response-decoder.ts";
import { valuesOf } from "../../support/fields.ts";

function decoderOf(text: string): RequestDecoder {
  const decoder = new RequestDecoder(DEFAULT_LIMITS);
  decoder.push(Buffer.from(text, "latin1"));
  return decoder;
}

function isCut(error: unknown): boolean {
  return error instanceof ProxyError && error.kind === "client_closed";
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";

test("Decoder.next() asks for more where nothing was pushed", () => {
  const decoder = new RequestDecoder(DEFAULT_LIMITS);
  assert.equal(decoder.next(), "more");
  decoder.push(Buffer.alloc(0));
  assert.equal(decoder.next(), "more");
});

test("Decoder.next() reads no further than it was asked to", () => {
  const decoder = decoderOf(POST + "abc" + GET);
  assert.equal(decoder.next(), "head");
  assert.equal(decoder.unread, 3 + GET.length);
  assert.equal(decoder.next(), "data");
  assert.equal(decoder.data.toString(), "abc");
  assert.equal(decoder.unread, GET.length);
  assert.equal(decoder.next(), "end");
  assert.equal(decoder.unread, GET.length);
  assert.equal(decoder.head.method, "POST");
  assert.equal(decoder.next(), "head");
  assert.equal(decoder.head.method, "GET");
  assert.equal(decoder.next(), "end");
  assert.equal(decoder.next(), "more");
});

test("Decoder.next() gives the data of each push at once, without waiting for the rest", () => {
  const decoder = decoderOf(POST + "a");
  decoder.next();
  assert.equal(decoder.next(), "data");
  assert.equal(decoder.data.toString(), "a");
  assert.equal(decoder.next(), "more");
  decoder.push(Buffer.from("bc"));
  assert.equal(decoder.next(), "data");
  assert.equal(decoder.data.toString(), "bc");
  assert.equal(decoder.next(), "end");
});

test("Decoder.push() keeps what comes before all was read, in order", () => {
  const decoder = decoderOf(POST + "a");
  decoder.push(Buffer.from("b"));
  assert.equal(decoder.next(), "head");
  assert.equal(decoder.unread, 2);
  let data = "";
  decoder.next();
  data += decoder.data;
  // Now the first piece is used up, while the second still waits.
  decoder.push(Buffer.from("c"));
  decoder.push(Buffer.from(GET));
  assert.equal(decoder.unread, 2 + GET.length);
  while (decoder.next() === "data") data += decoder.data;
  assert.equal(data, "abc");
  assert.equal(decoder.next(), "head");
  assert.equal(decoder.head.method, "GET");
});

test("Decoder.takeRest() hands over all pieces that wait, in order", () => {
  const decoder = decoderOf(GET);
  decoder.push(Buffer.from("tun"));
  decoder.push(Buffer.from("nel"));
  decoder.next();
  decoder.next();
  assert.equal(decoder.takeRest().toString(), "tunnel");
  assert.equal(decoder.unread, 0);
});

test("Decoder.trailers are those of the message that just ended", () => {
  const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const decoder = decoderOf(chunked + "0\r\nT: 1\r\n\r\n" + chunked + "0\r\n\r\n");
  assert.equal(decoder.next(), "head");
  assert.equal(decoder.trailers, undefined);
  assert.equal(decoder.next(), "end");
  assert.deepEqual(valuesOf(decoder.trailers!), ["1"]);
  assert.equal(decoder.next(), "head");
  assert.equal(decoder.trailers, undefined);
  assert.equal(decoder.next(), "end");
  assert.equal(decoder.trailers, undefined);
});

test("Decoder.insideHead is true from the first byte of a head to its last", () => {
  const decoder = new RequestDecoder(DEFAULT_LIMITS);
  assert.equal(decoder.insideHead, false);
  for (let at = 0; at < POST.length; at++) {
    decoder.push(Buffer.from(POST[at]!));
    const step = decoder.next();
    assert.equal(step, at === POST.length - 1 ? "head" : "more");
    assert.equal(decoder.insideHead, step === "more");
  }
});

test("Decoder.takeRest() hands over what was not read, once", () => {
  const decoder = decoderOf(GET + "tunnel");
  decoder.next();
  decoder.next();
  assert.equal(decoder.takeRest().toString(), "tunnel");
  assert.equal(decoder.unread, 0);
  assert.equal(decoder.takeRest().length, 0);
});

const ends: [text: string, cut: boolean, where: string][] = [
  ["", false, "before the first byte"],
  ["\r\n", false, "behind an empty line"],
  ["G", true, "in a start line"],
  [GET.slice(0, -1), true, "before the last byte of a head"],
  [GET, false, "behind a message"],
  [POST, true, "before a body"],
  [POST + "ab", true, "in a body"],
  [POST + "abc", false, "behind a body"],
  [POST + "abcG", true, "in the next message"],
];
for (const [text, cut, where] of ends) {
  test(`Decoder.finish() ${cut ? "throws what it is told to" : "returns false"} ${where}`, () => {
    const decoder = decoderOf(text);
    while (decoder.next() !== "more");
    if (cut) assert.throws(() => decoder.finish("client_closed"), isCut);
    else assert.equal(decoder.finish("client_closed"), false);
  });
}

test("Decoder.finish() throws inside chunks and trailers", () => {
  const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const body of ["", "1", "1\r\n", "1\r\na", "1\r\na\r\n", "0\r\n", "0\r\nT: 1\r\n", "0\r\n\r"]) {
    const decoder = decoderOf(head + body);
    while (decoder.next() !== "more");
    assert.throws(() => decoder.finish("client_closed"), isCut);
  }
});

test("Decoder.finish() returns true where the end of the connection ends the body, and only once", () => {
  const decoder = new ResponseDecoder(DEFAULT_LIMITS);
  decoder.push(Buffer.from("HTTP/1.1 200 OK\r\n\r\nab"));
  while (decoder.next() !== "more");
  assert.equal(decoder.finish("upstream_reset"), true);
  assert.equal(decoder.finish("upstream_reset"), false);
});

test("Decoder.next() keeps no data that was read, however long the body", () => {
  const decoder = decoderOf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
  decoder.next();
  for (let i = 0; i < 1000; i++) {
    decoder.push(Buffer.alloc(1024));
    assert.equal(decoder.next(), "data");
    assert.equal(decoder.next(), "more");
    assert.equal(decoder.unread, 0);
  }
});
