import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields } from "../../../src/http/fields.ts";
import { chunkSizeLine, fieldLine, informationalHead, lastChunk } from "../../../src/http1/encode.ts";

function fieldsOf(...lines: [name: string, value: string][]): Fields {
  const fields = new Fields();
  for (const [name, value] of lines) fields.append(name, value);
  return fields;
}

test("lastChunk() without trailers is the empty chunk and an empty line (RFC 9112 §7.1)", () => {
  assert.equal(lastChunk(undefined), "0\r\n\r\n");
  assert.equal(lastChunk(new Fields()), "0\r\n\r\n");
});

test("lastChunk() writes trailers in order, case and repetitions kept (RFC 9112 §7.1.2)", () => {
  const trailers = fieldsOf(["X-B", "1"], ["x-a", ""], ["X-b", "\xe9"]);
  assert.equal(lastChunk(trailers), "0\r\nX-B: 1\r\nx-a: \r\nX-b: \xe9\r\n\r\n");
});

const forbidden = [
  "Authorization",
  "Cache-Control",
  "Connection",
  "Content-Encoding",
  "Content-Length",
  "Content-Range",
  "Content-Type",
  "Cookie",
  "Expect",
  "Forwarded",
  "Host",
  "Keep-Alive",
  "Max-Forwards",
  "Proxy-Authorization",
  "Range",
  "Set-Cookie",
  "TE",
  "Trailer",
  "Transfer-Encoding",
  "Upgrade",
  "Via",
  "X-Forwarded-For",
  "X-Forwarded-Proto",
  "X-Forwarded-Any",
];
for (const name of forbidden) {
  test(`lastChunk() leaves out ${name} in any case (RFC 9110 §6.5.1)`, () => {
    const trailers = fieldsOf([name, "1"], ["X", "2"], [name.toUpperCase(), "3"], [name.toLowerCase(), "4"]);
    assert.equal(lastChunk(trailers), "0\r\nX: 2\r\n\r\n");
  });
}

for (const [length, line] of [[1, "1\r\n"], [10, "a\r\n"], [65536, "10000\r\n"]] as const) {
  test(`chunkSizeLine() of ${length}`, () => assert.equal(chunkSizeLine(length), line));
}

test("fieldLine() writes a name as it is", () => assert.equal(fieldLine("x-A", "b\tc"), "x-A: b\tc\r\n"));

test("informationalHead() writes no framing and no hop-by-hop field (RFC 9110 §15.2)", () => {
  const fields = fieldsOf(
    ["Link", "</a>"],
    ["Content-Length", "5"],
    ["Transfer-Encoding", "chunked"],
    ["Connection", "x"],
    ["link", "</b>"],
  );
  assert.equal(
    informationalHead(103, "Early Hints", fields),
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nlink: </b>\r\n\r\n",
  );
  assert.equal(informationalHead(100, "", undefined), "HTTP/1.1 100 \r\n\r\n");
});
