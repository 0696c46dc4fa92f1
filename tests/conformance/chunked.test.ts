import assert from "node:assert/strict";
import { test } from "node:test";
import { type Events, refusalOf, requests, responses } from "../support/codec/events.ts";
import { MAX_CHUNK_EXTENSION_BYTES } from "../../src/http/head-limits.ts";

/** The events behind the head of a request with `body`, and of an answer with it. */
function both(body: string): [request: Events, response: Events] {
  return [
    requests("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body).slice(3),
    responses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body).slice(2),
  ];
}

const accepted: [body: string, events: string[], what: string, section: string][] = [
  ["0\r\n\r\n", [], "an empty body", "RFC 9112 §7.1"],
  ["3\r\nabc\r\n0\r\n\r\n", ["data abc"], "one chunk", "RFC 9112 §7.1"],
  ["1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", ["data abc"], "several chunks", "RFC 9112 §7.1"],
  ["A\r\n0123456789\r\n0\r\n\r\n", ["data 0123456789"], "an upper-case size", "RFC 9112 §7.1"],
  ["a\r\n0123456789\r\n0\r\n\r\n", ["data 0123456789"], "a lower-case size", "RFC 9112 §7.1"],
  ["0000000000000003\r\nabc\r\n0000\r\n\r\n", ["data abc"], "leading zeros", "RFC 9112 §7.1"],
  [
    "9\r\n\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n",
    ["data \r\n0\r\n\r\n\r\n"],
    "what looks like the end in the data",
    "RFC 9112 §7.1",
  ],
  ["3;a\r\nabc\r\n0\r\n\r\n", ["data abc"], "an extension", "RFC 9112 §7.1.1"],
  ["3;a=b\r\nabc\r\n0;c=d\r\n\r\n", ["data abc"], "an extension with a value", "RFC 9112 §7.1.1"],
  ["3;a=b;c;d=e\r\nabc\r\n0\r\n\r\n", ["data abc"], "several extensions", "RFC 9112 §7.1.1"],
  ['3;a="b"\r\nabc\r\n0\r\n\r\n', ["data abc"], "a quoted value", "RFC 9112 §7.1.1"],
  ['3;a=""\r\nabc\r\n0\r\n\r\n', ["data abc"], "an empty quoted value", "RFC 9112 §7.1.1"],
  [
    '3;a="; \t=\\"\\\\\xe9"\r\nabc\r\n0\r\n\r\n',
    ["data abc"],
    "escapes and delimiters in quotes",
    "RFC 9110 §5.6.4",
  ],
  [
    "3; a\t = \tb ; c\r\nabc\r\n0\r\n\r\n",
    ["data abc"],
    "blanks between the parts of an extension",
    "RFC 9112 §7.1.1",
  ],
  ["0\r\nT: 1\r\n\r\n", ["trailer T: 1"], "a trailer", "RFC 9112 §7.1.2"],
  [
    "1\r\na\r\n0\r\nT: 1\r\nt:\t2 \r\nT: 1\r\n\r\n",
    ["data a", "trailer T: 1", "trailer t: 2", "trailer T: 1"],
    "trailers in order",
    "RFC 9112 §7.1.2",
  ],
  ["0;x\r\nT:\r\n\r\n", ["trailer T: "], "an empty trailer behind an extension", "RFC 9112 §7.1.2"],
];
for (const [body, events, what, section] of accepted) {
  test(`Decoder reads ${what} (${section})`, () => {
    for (const found of both(body)) assert.deepEqual(found, [...events, "end", "idle"]);
  });
}

const refused: [body: string, what: string, section: string][] = [
  ["\r\n", "an empty size", "RFC 9112 §7.1"],
  ["3\r\nabc\r\n\r\n0\r\n\r\n", "an empty line between chunks", "RFC 9112 §7.1"],
  ["g\r\n", "a size that is not hexadecimal", "RFC 9112 §7.1"],
  ["0x3\r\nabc\r\n", "a size with 0x", "RFC 9112 §7.1"],
  ["+3\r\nabc\r\n", "a size with a plus", "RFC 9112 §7.1"],
  ["-3\r\nabc\r\n", "a negative size", "RFC 9112 §7.1"],
  [" 3\r\nabc\r\n", "a blank before a size", "RFC 9112 §7.1"],
  ["3 \r\nabc\r\n", "a blank behind a size", "RFC 9112 §7.1"],
  ["3\t\r\nabc\r\n", "a tab behind a size", "RFC 9112 §7.1"],
  ["3 3\r\nabc\r\n", "two sizes", "RFC 9112 §7.1"],
  ["3_0\r\nabc\r\n", "an underscore in a size", "RFC 9112 §7.1"],
  ["3.\r\nabc\r\n", "a point in a size", "RFC 9112 §7.1"],
  ["3\0\r\nabc\r\n", "a NUL behind a size", "RFC 9112 §7.1"],
  ["00000000000000003\r\nabc\r\n", "a size of seventeen digits", "RFC 9112 §7.1"],
  ["ffffffffffffffff\r\n", "a size of 64 bits", "RFC 9112 §7.1"],
  ["20000000000000\r\n", "a size that a number cannot count", "RFC 9112 §7.1"],
  ["10000000000000003\r\nabc\r\n", "a size that would wrap round to 3", "RFC 9112 §7.1"],
  ["3\nabc\r\n", "a bare LF behind a size", "RFC 9112 §7.1"],
  ["3\rabc\r\n", "a bare CR behind a size", "RFC 9112 §7.1"],
  ["3\r\r\nabc\r\n", "two CRs behind a size", "RFC 9112 §7.1"],
  ["3\r\nabcd\r\n0\r\n\r\n", "data longer than its size", "RFC 9112 §7.1"],
  ["3\r\nab\r\n0\r\n\r\n", "data shorter than its size", "RFC 9112 §7.1"],
  ["3\r\nabc0\r\n\r\n", "data without its CRLF", "RFC 9112 §7.1"],
  ["3\r\nabc\n0\r\n\r\n", "a bare LF behind data", "RFC 9112 §7.1"],
  ["3\r\nabc\r0\r\n\r\n", "a bare CR behind data", "RFC 9112 §7.1"],
  ["3\r\nabc\r\r\n0\r\n\r\n", "two CRs behind data", "RFC 9112 §7.1"],
  ["3 ;a\r\nabc\r\n", "a blank before the first semicolon", "RFC 9112 §7.1.1"],
  ["3;\r\nabc\r\n", "an extension without a name", "RFC 9112 §7.1.1"],
  ["3;;a\r\nabc\r\n", "an empty extension", "RFC 9112 §7.1.1"],
  ["3;a;\r\nabc\r\n", "a semicolon at the end", "RFC 9112 §7.1.1"],
  ["3;=b\r\nabc\r\n", "an extension with a value and no name", "RFC 9112 §7.1.1"],
  ["3;a=\r\nabc\r\n", "an extension without its value", "RFC 9112 §7.1.1"],
  ["3;a==b\r\nabc\r\n", "two equals signs", "RFC 9112 §7.1.1"],
  ["3;a=b=c\r\nabc\r\n", "a second value", "RFC 9112 §7.1.1"],
  ["3;a \r\nabc\r\n", "a blank behind a name at the end of the line", "RFC 9112 §7.1.1"],
  ["3;a=b\t\r\nabc\r\n", "a tab behind a value at the end of the line", "RFC 9112 §7.1.1"],
  ['3;a="b"  \r\nabc\r\n', "blanks behind a quoted value at the end of the line", "RFC 9112 §7.1.1"],
  ["3;a;b=c \r\nabc\r\n", "a blank behind the last extension", "RFC 9112 §7.1.1"],
  ["3;a b\r\nabc\r\n", "two names", "RFC 9112 §7.1.1"],
  ['3;a="b\r\nabc\r\n', "a quote that is not closed", "RFC 9112 §7.1.1"],
  ['3;a="b"c\r\nabc\r\n', "text behind a quoted value", "RFC 9112 §7.1.1"],
  ['3;a=b"c"\r\nabc\r\n', "a quote in a token", "RFC 9112 §7.1.1"],
  ['3;"a"\r\nabc\r\n', "a quoted name", "RFC 9112 §7.1.1"],
  ["3;a=(b)\r\nabc\r\n", "a parenthesis in a value", "RFC 9112 §7.1.1"],
  ["3;a\nb\r\nabc\r\n", "a bare LF in an extension", "RFC 9112 §7.1.1"],
  ["3;a\rb\r\nabc\r\n", "a bare CR in an extension", "RFC 9112 §7.1.1"],
  ['3;a="\r\n"\r\nabc\r\n', "a line end in quotes", "RFC 9112 §7.1.1"],
  ['3;a="\\\r\n"\r\nabc\r\n', "an escaped line end in quotes", "RFC 9112 §7.1.1"],
  ["3;a\0\r\nabc\r\n", "a NUL in an extension", "RFC 9112 §7.1.1"],
  ['3;a="\x7f"\r\nabc\r\n', "a DEL in quotes", "RFC 9112 §7.1.1"],
  ["3;a\xe9\r\nabc\r\n", "obs-text in a name", "RFC 9112 §7.1.1"],
  ["3;" + "a".repeat(1100) + "\r\nabc\r\n", "a chunk line over 1 KiB", "RFC 9112 §7.1.1"],
  ["3;" + "a".repeat(20_000), "a chunk line that does not end", "RFC 9112 §7.1.1"],
  [
    `1;${"a".repeat(500)}\r\nx\r\n`.repeat(MAX_CHUNK_EXTENSION_BYTES / 500 + 1),
    "extensions over 16 KiB in all",
    "RFC 9112 §7.1.1",
  ],
  ["0\r\n\n", "a bare LF for the last line", "RFC 9112 §7.1"],
  ["0\r\n\rx", "a bare CR for the last line", "RFC 9112 §7.1"],
  ["0\n\r\n", "a bare LF behind the last size", "RFC 9112 §7.1"],
  ["0\r\nT : 1\r\n\r\n", "a blank before the colon of a trailer", "RFC 9112 §7.1.2"],
  ["0\r\nT: 1\r\n 2\r\n\r\n", "a folded trailer", "RFC 9112 §7.1.2"],
  ["0\r\n T: 1\r\n\r\n", "a blank before a trailer", "RFC 9112 §7.1.2"],
  ["0\r\nT\r\n\r\n", "a trailer without a colon", "RFC 9112 §7.1.2"],
  ["0\r\nT: \0\r\n\r\n", "a NUL in a trailer", "RFC 9112 §7.1.2"],
  ["0\r\nT: 1\n\r\n", "a trailer ended by a bare LF", "RFC 9112 §7.1.2"],
  ["0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "a request line among the trailers", "RFC 9112 §7.1.2"],
];
for (const [body, what, section] of refused) {
  test(`Decoder refuses ${what} (${section})`, () => {
    const [request, response] = both(body);
    assert.match(refusalOf(request) ?? "accepted", /^400 bad_request: /);
    assert.match(refusalOf(response) ?? "accepted", /^502 upstream_invalid: /);
  });
}

const trailerLimits: [trailers: string, fits: boolean, what: string][] = [
  ["T: 1\r\n".repeat(100), true, "100 trailers"],
  ["T: 1\r\n".repeat(101), false, "101 trailers"],
  ["T: " + "x".repeat(32768 - 7) + "\r\n", true, "32 KiB of trailers"],
  ["T: " + "x".repeat(40_000) + "\r\n", false, "40 KB of trailers"],
];
for (const [trailers, fits, what] of trailerLimits) {
  test(`Decoder ${fits ? "takes" : "refuses"} ${what} (RFC 9112 §7.1.2)`, () => {
    const [request, response] = both("0\r\n" + trailers + "\r\n");
    if (fits) {
      assert.equal(request.at(-1), "idle");
      assert.equal(response.at(-1), "idle");
    } else {
      assert.match(refusalOf(request) ?? "accepted", /^431 headers_too_large: /);
      assert.match(refusalOf(response) ?? "accepted", /^502 answer_head_too_large: /);
    }
  });
}
