import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalOf, responses, type Setup } from "../support/codec/events.ts";

const lines: [line: string, head: string | undefined, section: string][] = [
  ["HTTP/1.1 204 No Content", "204 No Content HTTP/1.1 (length 0)", "RFC 9112 §4"],
  ["HTTP/1.0 204 No Content", "204 No Content HTTP/1.0 (length 0)", "RFC 9112 §2.3"],
  ["HTTP/1.1 204 ", "204  HTTP/1.1 (length 0)", "RFC 9112 §4"],
  ["HTTP/1.1 204", "204  HTTP/1.1 (length 0)", "RFC 9112 §4"],
  ["HTTP/1.1 204  two  blanks ", "204  two  blanks  HTTP/1.1 (length 0)", "RFC 9112 §4"],
  ["HTTP/1.1 204 a\tb\xe9\xff", "204 a\tb\xe9\xff HTTP/1.1 (length 0)", "RFC 9112 §4"],
  ["HTTP/1.1 204 HTTP/1.1 200", "204 HTTP/1.1 200 HTTP/1.1 (length 0)", "RFC 9112 §4"],
  ["HTTP/1.1 600 Odd", "600 Odd HTTP/1.1 (close)", "RFC 9110 §15"],
  ["HTTP/1.1 999 ", "999  HTTP/1.1 (close)", "RFC 9110 §15"],
  ["HTTP/1.1 200OK", undefined, "RFC 9112 §4"],
  ["HTTP/1.1 20", undefined, "RFC 9112 §4"],
  ["HTTP/1.1 2000 OK", undefined, "RFC 9112 §4"],
  ["HTTP/1.1 099 Low", undefined, "RFC 9110 §15"],
  ["HTTP/1.1 000 Zero", undefined, "RFC 9110 §15"],
  ["HTTP/1.1 -20 OK", undefined, "RFC 9112 §4"],
  ["HTTP/1.1 2x0 OK", undefined, "RFC 9112 §4"],
  ["HTTP/1.1 \xb2\xb2\xb2 OK", undefined, "RFC 9112 §4"],
  ["HTTP/1.1  200 OK", undefined, "RFC 9112 §4"],
  ["HTTP/1.1\t200 OK", undefined, "RFC 9112 §4"],
  ["HTTP/1.1 200\tOK", undefined, "RFC 9112 §4"],
  ["HTTP/1.1", undefined, "RFC 9112 §4"],
  ["HTTP/1.1 ", undefined, "RFC 9112 §4"],
  [" HTTP/1.1 200 OK", undefined, "RFC 9112 §4"],
  ["HTTP/1.2 200 OK", undefined, "RFC 9112 §2.3"],
  ["HTTP/2.0 200 OK", undefined, "RFC 9112 §2.3"],
  ["HTTP/2 200 OK", undefined, "RFC 9112 §2.3"],
  ["HTTP/0.9 200 OK", undefined, "RFC 9112 §2.3"],
  ["HTTP/1.10 200 OK", undefined, "RFC 9112 §2.3"],
  ["http/1.1 200 OK", undefined, "RFC 9112 §2.3"],
  ["ICY 200 OK", undefined, "RFC 9112 §2.3"],
  ["GET / HTTP/1.1", undefined, "RFC 9112 §4"],
  ["HTTP/1.1 200 O\0K", undefined, "RFC 9112 §4"],
  ["HTTP/1.1 200 O\x7fK", undefined, "RFC 9112 §4"],
  ["HTTP/1.1 200 O\rK", undefined, "RFC 9112 §2.2"],
  ["HTTP/1.1 200 OK\nX: 1", undefined, "RFC 9112 §2.2"],
  ["\r\nHTTP/1.1 200 OK", undefined, "RFC 9112 §2.2"],
  ["<html>hello</html>", undefined, "RFC 9112 §4"],
];
for (const [line, head, section] of lines) {
  test(`ResponseDecoder ${head === undefined ? "refuses" : "reads"} ${JSON.stringify(line)} (${section})`, () => {
    const events = responses(line + "\r\n\r\n");
    if (head === undefined) assert.match(refusalOf(events) ?? "accepted", /^502 upstream_invalid: /);
    else assert.equal(events[0], head);
  });
}

const length = "Content-Length: 3\r\n";
const chunks = "Transfer-Encoding: chunked\r\n";
const next = "HTTP/1.1 204 Next\r\n\r\n";
const nextEvents = ["204 Next HTTP/1.1 (length 0)", "end", "idle"];
const bodies: [head: string, method: string, body: string, events: string[], what: string][] = [
  ["HTTP/1.1 200 OK\r\n" + length, "GET", "abc", ["data abc", "end"], "a length"],
  ["HTTP/1.0 200 OK\r\n" + length, "GET", "abc", ["data abc", "end"], "a length in HTTP/1.0"],
  ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", "GET", "", ["end"], "a length of 0"],
  ["HTTP/1.1 200 OK\r\n" + chunks, "GET", "3\r\nabc\r\n0\r\n\r\n", ["data abc", "end"], "chunks"],
  ["HTTP/1.1 500 Oh\r\n" + chunks, "POST", "0\r\nT: 1\r\n\r\n", ["trailer T: 1", "end"], "trailers"],
  ["HTTP/1.1 200 OK\r\n" + length, "HEAD", "", ["end"], "no body to HEAD beside a length"],
  ["HTTP/1.1 200 OK\r\n" + chunks, "HEAD", "", ["end"], "no body to HEAD beside chunks"],
  ["HTTP/1.1 200 OK\r\n", "HEAD", "", ["end"], "no body to HEAD without framing"],
  ["HTTP/1.1 404 No\r\n" + length, "HEAD", "", ["end"], "no body to a failed HEAD"],
  ["HTTP/1.1 204 No Content\r\n" + length, "GET", "", ["end"], "no body with 204"],
  ["HTTP/1.1 304 Not Modified\r\n" + length, "GET", "", ["end"], "no body with 304"],
  ["HTTP/1.1 304 Not Modified\r\n" + chunks, "GET", "", ["end"], "no body with 304 beside chunks"],
];
for (const [head, method, body, events, what] of bodies) {
  test(`ResponseDecoder ends an answer by ${what} (RFC 9112 §6.3)`, () => {
    const found = responses(head + "\r\n" + body + next, { methods: [method] });
    const from = found.findIndex((event, i) => i > 0 && !event.startsWith("field "));
    assert.deepEqual(found.slice(from), [...events, ...nextEvents]);
  });
}

const untilClose: [text: string, setup: Setup, events: string[]][] = [
  ["HTTP/1.1 200 OK\r\n\r\n", {}, ["200 OK HTTP/1.1 (close)", "closed"]],
  ["HTTP/1.0 200 OK\r\n\r\n0\r\n\r\n", {}, ["200 OK HTTP/1.0 (close)", "data 0\r\n\r\n", "closed"]],
  ["HTTP/1.1 200 OK\r\n\r\n" + next, {}, ["200 OK HTTP/1.1 (close)", "data " + next, "closed"]],
  ["HTTP/1.1 200 OK\r\n\r\nx", { methods: ["head"] }, ["200 OK HTTP/1.1 (close)", "data x", "closed"]],
];
for (const [text, setup, events] of untilClose) {
  test(`ResponseDecoder reads ${JSON.stringify(text)} until the end of the connection (RFC 9112 §6.3)`, () =>
    assert.deepEqual(responses(text, setup), events));
}

test("ResponseDecoder reads interim answers before the final one (RFC 9110 §15.2)", () => {
  const text =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 9\r\n\r\n" +
    "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n" + length + "\r\nabc";
  assert.deepEqual(responses(text), [
    "100 Continue HTTP/1.1 (length 0)",
    "end",
    "103 Early Hints HTTP/1.1 (length 0)",
    "field Link: </a>",
    "field Content-Length: 9",
    "end",
    "102 Processing HTTP/1.1 (length 0)",
    "end",
    "200 OK HTTP/1.1 (length 3)",
    "field Content-Length: 3",
    "data abc",
    "end",
    "idle",
  ]);
});

test("ResponseDecoder.takeRest() hands over what follows a 101 (RFC 9110 §15.2.2)", () =>
  assert.deepEqual(
    responses(
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nHTTP/1.1 \0\r\n\xff",
    ),
    [
      "103 Early Hints HTTP/1.1 (length 0)",
      "end",
      "101 Switching HTTP/1.1 (length 0)",
      "field Upgrade: x",
      "tunnel HTTP/1.1 \0\r\n\xff",
    ],
  ));

const refused: [head: string, what: string, section: string][] = [
  [
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "a length and chunks",
    "RFC 9112 §6.3",
  ],
  [
    "HTTP/1.1 204 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "both with 204",
    "RFC 9112 §6.3",
  ],
  [
    "HTTP/1.1 100 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "both with 100",
    "RFC 9112 §6.3",
  ],
  ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n", "a repeated length", "RFC 9112 §6.3"],
  ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n", "differing lengths", "RFC 9112 §6.3"],
  [
    "HTTP/1.1 304 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n",
    "differing lengths with 304",
    "RFC 9112 §6.3",
  ],
  ["HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n", "a list of lengths", "RFC 9112 §6.3"],
  ["HTTP/1.1 200 OK\r\nContent-Length: -3\r\n", "a negative length", "RFC 9112 §6.3"],
  ["HTTP/1.1 200 OK\r\nContent-Length: x\r\n", "a length that is no number", "RFC 9112 §6.3"],
  ["HTTP/1.1 200 OK\r\nContent-Length:\r\n", "an empty length", "RFC 9112 §6.3"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n", "gzip before chunked", "RFC 9112 §6.1"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n", "gzip until close", "RFC 9112 §6.3"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n", "identity", "RFC 9112 §7"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n", "chunked twice", "RFC 9112 §6.1"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n", "an unknown coding", "RFC 9112 §6.1"],
  ["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n", "chunks in HTTP/1.0", "RFC 9112 §6.1"],
];
for (const [head, what, section] of refused) {
  test(`ResponseDecoder refuses ${what} (${section})`, () =>
    assert.match(refusalOf(responses(head + "\r\n0\r\n\r\n")) ?? "accepted", /^502 upstream_invalid: /));
}

const cuts: [text: string, what: string][] = [
  ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "in a body with a length"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "between chunks"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "before the last empty line"],
  ["HTTP/1.1 200 OK\r\nContent-Le", "in a head"],
  ["H", "behind one byte"],
];
for (const [text, what] of cuts) {
  test(`ResponseDecoder calls an answer cut that ends ${what} (RFC 9112 §8)`, () =>
    assert.equal(responses(text).at(-1), "cut"));
}
