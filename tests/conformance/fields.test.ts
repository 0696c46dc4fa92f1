import assert from "node:assert/strict";
import { test } from "node:test";
import { type Events, refusalOf, requests, responses } from "../support/codec/events.ts";

/** The events of a request with `lines` besides Host, and of an answer with them. */
function both(lines: string): [events: Events, begin: number][] {
  return [
    [requests(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`), 2],
    [responses(`HTTP/1.1 204 No Content\r\n${lines}\r\n`), 1],
  ];
}

const accepted: [lines: string, fields: string[], what: string, section: string][] = [
  ["", [], "no further field", "RFC 9112 §2.1"],
  ["X:1\r\n", ["X: 1"], "a value right behind the colon", "RFC 9112 §5"],
  ["X: 1\r\n", ["X: 1"], "a value behind a blank", "RFC 9112 §5"],
  ["X:\t 1 \t\r\n", ["X: 1"], "a value with blanks around it", "RFC 9112 §5.1"],
  ["X: 1\t 2\r\n", ["X: 1\t 2"], "blanks within a value", "RFC 9110 §5.5"],
  ["X:\r\n", ["X: "], "an empty value", "RFC 9110 §5.5"],
  ["X: \t \r\n", ["X: "], "a value of blanks", "RFC 9110 §5.5"],
  ["X: :1:\r\n", ["X: :1:"], "colons in a value", "RFC 9110 §5.5"],
  ["X: \xe9\x80\xff\xa0\r\n", ["X: \xe9\x80\xff\xa0"], "obs-text, kept byte for byte", "RFC 9110 §5.5"],
  [
    "x-LOWER: 1\r\nX-lower: 2\r\nX-LOWER: 1\r\n",
    ["x-LOWER: 1", "X-lower: 2", "X-LOWER: 1"],
    "repetitions in order",
    "RFC 9110 §5.3",
  ],
  [
    "!#$%&'*+-.^_`|~09: 1\r\n",
    ["!#$%&'*+-.^_`|~09: 1"],
    "a name of every tchar that is no letter",
    "RFC 9110 §5.6.2",
  ],
  ["B: 1\r\nA: 2\r\nC: 3\r\n", ["B: 1", "A: 2", "C: 3"], "the order as it came", "RFC 9110 §5.3"],
  [
    "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n",
    ["Set-Cookie: a=1", "Set-Cookie: b=2"],
    "each Set-Cookie",
    "RFC 9110 §5.3",
  ],
  ["Expect: 100-continue\r\n", ["Expect: 100-continue"], "an expectation as a field", "RFC 9110 §10.1.1"],
  [
    "__proto__: 1\r\nconstructor: 2\r\n",
    ["__proto__: 1", "constructor: 2"],
    "names of the language",
    "RFC 9110 §5.1",
  ],
];
for (const [lines, fields, what, section] of accepted) {
  test(`Decoder keeps ${what} (${section})`, () => {
    for (const [events, begin] of both(lines)) {
      assert.equal(refusalOf(events), undefined);
      assert.deepEqual(events.slice(begin, -2), fields.map((field) => `field ${field}`));
    }
  });
}

const refused: [lines: string, what: string, section: string][] = [
  ["X : 1\r\n", "a blank before the colon", "RFC 9112 §5.1"],
  ["X\t: 1\r\n", "a tab before the colon", "RFC 9112 §5.1"],
  ["X\r\n : 1\r\n", "a folded colon", "RFC 9112 §5.1"],
  ["X: 1\r\n 2\r\n", "a line folded by a blank", "RFC 9112 §5.2"],
  ["X: 1\r\n\t2\r\n", "a line folded by a tab", "RFC 9112 §5.2"],
  ["X: 1\r\n \r\n", "a line of a blank", "RFC 9112 §5.2"],
  [" X: 1\r\n", "a blank before a name", "RFC 9112 §2.2"],
  ["\tX: 1\r\n", "a tab before a name", "RFC 9112 §2.2"],
  ["X\r\n", "a line without a colon", "RFC 9112 §5"],
  [": 1\r\n", "an empty name", "RFC 9112 §5"],
  ["X Y: 1\r\n", "a blank in a name", "RFC 9110 §5.1"],
  ["X(: 1\r\n", "a parenthesis in a name", "RFC 9110 §5.1"],
  ["X@: 1\r\n", "an at sign in a name", "RFC 9110 §5.1"],
  ['"X": 1\r\n', "a quoted name", "RFC 9110 §5.1"],
  ["X\xe9: 1\r\n", "obs-text in a name", "RFC 9110 §5.1"],
  ["X\0: 1\r\n", "a NUL in a name", "RFC 9110 §5.1"],
  ["X\x7f: 1\r\n", "a DEL in a name", "RFC 9110 §5.1"],
  ["X: 1\n", "a line ended by a bare LF", "RFC 9112 §2.2"],
  ["X: 1\nY: 2\r\n", "two lines with a bare LF between", "RFC 9112 §2.2"],
  ["X: 1\r", "a line ended by a bare CR", "RFC 9112 §2.2"],
  ["X: 1\rY: 2\r\n", "a bare CR in a value", "RFC 9112 §2.2"],
  ["X: 1\r\r\n", "two CRs before the LF", "RFC 9112 §2.2"],
  ["\rX: 1\r\n", "a CR before a name", "RFC 9112 §2.2"],
  ["\n", "a bare LF for the empty line", "RFC 9112 §2.2"],
  ["X:\n", "a bare LF behind the colon", "RFC 9112 §2.2"],
  ["X: a\0b\r\n", "a NUL in a value", "RFC 9110 §5.5"],
  ["X: a\x01b\r\n", "a control byte in a value", "RFC 9110 §5.5"],
  ["X: a\x0bb\r\n", "a vertical tab in a value", "RFC 9110 §5.5"],
  ["X: a\x1bb\r\n", "an escape in a value", "RFC 9110 §5.5"],
  ["X: a\x7fb\r\n", "a DEL in a value", "RFC 9110 §5.5"],
];
for (const [lines, what, section] of refused) {
  test(`Decoder refuses ${what} (${section})`, () => {
    const [[request], [response]] = both(lines) as [[Events, number], [Events, number]];
    assert.match(refusalOf(request) ?? "accepted", /^400 bad_request: /);
    assert.match(refusalOf(response) ?? "accepted", /^502 upstream_invalid: /);
  });
}

const hosts: [head: string, status: number | undefined, what: string][] = [
  ["GET / HTTP/1.1\r\n", 400, "a missing Host"],
  ["OPTIONS * HTTP/1.1\r\n", 400, "a missing Host with an asterisk"],
  ["GET http://a/ HTTP/1.1\r\n", 400, "a missing Host with an absolute target"],
  ["CONNECT a:443 HTTP/1.1\r\n", 400, "a missing Host with CONNECT"],
  ["GET / HTTP/1.0\r\n", undefined, "a missing Host in HTTP/1.0"],
  ["GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400, "a repeated Host"],
  ["GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n", 400, "two Hosts"],
  ["GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n", 400, "two Hosts in HTTP/1.0"],
  ["GET / HTTP/1.1\r\nHost:\r\n", 400, "an empty Host"],
  ["GET / HTTP/1.1\r\nHost: a, b\r\n", 400, "a list of Hosts"],
  ["GET / HTTP/1.1\r\nHost: a b\r\n", 400, "a blank in Host"],
  ["GET / HTTP/1.1\r\nHost: u@a\r\n", 400, "user information in Host"],
  ["GET / HTTP/1.1\r\nHost: a/b\r\n", 400, "a path in Host"],
  ["GET / HTTP/1.1\r\nHost: a:\r\n", undefined, "an empty port in Host"],
  ["GET http://a:/ HTTP/1.1\r\nHost: a:80\r\n", undefined, "an empty port in the target"],
  [
    "GET http://a:/ HTTP/1.1\r\nHost: a:81\r\n",
    400,
    "a Host with another port than the default of the target",
  ],
  ["GET / HTTP/1.1\r\nHost: a::\r\n", 400, "two colons behind Host"],
  ["GET / HTTP/1.1\r\nHost: a:99999\r\n", 400, "a port out of range in Host"],
  ["GET / HTTP/1.1\r\nHost: a%20b\r\n", 400, "an escape in Host"],
  ["GET / HTTP/1.1\r\nHost: \xe9\r\n", 400, "obs-text in Host"],
  ["GET / HTTP/1.1\r\nHost: http://a\r\n", 400, "a URL in Host"],
  ["GET / HTTP/1.0\r\nHost: a/b\r\n", 400, "a path in Host in HTTP/1.0"],
  ["GET / HTTP/1.1\r\nHost: [::1]:80\r\n", undefined, "an IPv6 address in Host"],
  ["GET / HTTP/1.1\r\nHOST: \t1.2.3.4:0 \r\n", undefined, "an IPv4 address in Host"],
  ["GET http://a/ HTTP/1.1\r\nHost: b\r\n", 400, "a Host that differs from the target"],
  ["GET http://a/ HTTP/1.0\r\nHost: b\r\n", 400, "a Host that differs from the target in HTTP/1.0"],
  ["GET http://a/ HTTP/1.1\r\nHost: a:80\r\n", undefined, "a Host that writes out the port of the target"],
  ["CONNECT a:443 HTTP/1.1\r\nHost: b\r\n", undefined, "a Host beside CONNECT's own authority"],
];
for (const [head, status, what] of hosts) {
  test(`RequestDecoder ${status ? "refuses" : "accepts"} ${what} (RFC 9112 §3.2)`, () => {
    const events = requests(head + "\r\n");
    if (status === undefined) assert.equal(events.at(-1), "idle");
    else assert.match(refusalOf(events) ?? "accepted", new RegExp(`^${status} `));
  });
}

/** A head's lines behind the first one: `count` short fields. */
function manyFields(count: number): string {
  let lines = "";
  for (let i = 0; i < count; i++) lines += `F${i}: ${i}\r\n`;
  return lines;
}

const counts: [count: number, fits: boolean][] = [[99, true], [100, true], [101, false], [1000, false]];
for (const [count, fits] of counts) {
  test(`Decoder ${fits ? "takes" : "refuses"} ${count} fields at the default limit (RFC 9110 §5.4)`, () => {
    const request = requests(`GET / HTTP/1.1\r\nHost: a\r\n${manyFields(count - 1)}\r\n`);
    const response = responses(`HTTP/1.1 204 No Content\r\n${manyFields(count)}\r\n`);
    if (fits) {
      assert.equal(request.length, count + 3);
      assert.equal(response.length, count + 3);
    } else {
      assert.match(refusalOf(request) ?? "accepted", /^431 headers_too_large: /);
      assert.match(refusalOf(response) ?? "accepted", /^502 answer_head_too_large: /);
    }
  });
}

const sizes: [size: number, fits: boolean][] = [[32767, true], [32768, true], [32770, false], [70000, false]];
for (const [size, fits] of sizes) {
  test(`Decoder ${fits ? "takes" : "refuses"} a head of ${size} bytes at the default limit (RFC 9110 §5.4)`, () => {
    const begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    const request = requests(begin + "x".repeat(size - begin.length - 4) + "\r\n\r\n");
    const status = "HTTP/1.1 204 No Content\r\nX: ";
    const response = responses(status + "x".repeat(size - status.length - 4) + "\r\n\r\n");
    if (fits) {
      assert.equal(request.at(-1), "idle");
      assert.equal(response.at(-1), "idle");
    } else {
      assert.match(refusalOf(request) ?? "accepted", /^431 headers_too_large: /);
      assert.match(refusalOf(response) ?? "accepted", /^502 answer_head_too_large: /);
    }
  });
}
