import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalOf, requests } from "../support/codec/events.ts";

const host = "\r\nHost: a\r\n\r\n";

/** Request lines, with what the head's event says. */
const accepted: [line: string, head: string, section: string][] = [
  ["GET / HTTP/1.1", "GET origin / HTTP/1.1 a (length 0)", "RFC 9112 §3.2.1"],
  ["GET / HTTP/1.0", "GET origin / HTTP/1.0 a (length 0)", "RFC 9112 §2.3"],
  ["GET /a?b=c&d HTTP/1.1", "GET origin /a?b=c&d HTTP/1.1 a (length 0)", "RFC 9112 §3.2.1"],
  ["GET /../%2e/%00 HTTP/1.1", "GET origin /../%2e/%00 HTTP/1.1 a (length 0)", "RFC 9112 §3.2.1"],
  ["GET //x HTTP/1.1", "GET origin //x HTTP/1.1 a (length 0)", "RFC 9112 §3.2.1"],
  ["GET /\xc3\xa9 HTTP/1.1", "GET origin /\xc3\xa9 HTTP/1.1 a (length 0)", "RFC 9112 §3.2"],
  ['GET /"<>\\^`{|} HTTP/1.1', 'GET origin /"<>\\^`{|} HTTP/1.1 a (length 0)', "RFC 9112 §3.2"],
  ["get / HTTP/1.1", "get origin / HTTP/1.1 a (length 0)", "RFC 9110 §9.1"],
  ["M!#$%&'*+-.^_`|~9 / HTTP/1.1", "M!#$%&'*+-.^_`|~9 origin / HTTP/1.1 a (length 0)", "RFC 9110 §9.1"],
  ["GET http://a HTTP/1.1", "GET absolute http / HTTP/1.1 a (length 0)", "RFC 9112 §3.2.2"],
  ["GET HTTP://A:80/x HTTP/1.1", "GET absolute http /x HTTP/1.1 A:80 (length 0)", "RFC 9112 §3.2.2"],
  ["GET https://a:443?x HTTP/1.1", "GET absolute https /?x HTTP/1.1 a:443 (length 0)", "RFC 9112 §3.2.2"],
  ["CONNECT b:443 HTTP/1.1", "CONNECT authority  HTTP/1.1 b:443 (length 0)", "RFC 9112 §3.2.3"],
  ["CONNECT b HTTP/1.1", "CONNECT authority  HTTP/1.1 b:443 (length 0)", "RFC 9112 §3.2.3"],
  ["CONNECT [::1]:443 HTTP/1.0", "CONNECT authority  HTTP/1.0 [::1]:443 (length 0)", "RFC 9112 §3.2.3"],
  ["OPTIONS * HTTP/1.1", "OPTIONS asterisk * HTTP/1.1 a (length 0)", "RFC 9112 §3.2.4"],
  ["OPTIONS http://a HTTP/1.1", "OPTIONS absolute http * HTTP/1.1 a (length 0)", "RFC 9112 §3.2.4"],
];
for (const [line, head, section] of accepted) {
  test(`RequestDecoder reads ${JSON.stringify(line)} (${section})`, () =>
    assert.deepEqual(requests(line + host), [head, "field Host: a", "end", "idle"]));
}

const refused: [line: string, status: number, section: string][] = [
  ["GET /", 400, "RFC 9112 §3"],
  ["GET", 400, "RFC 9112 §3"],
  ["GET ", 400, "RFC 9112 §3"],
  ["GET HTTP/1.1", 400, "RFC 9112 §3"],
  ["GET  HTTP/1.1", 400, "RFC 9112 §3"],
  [" GET / HTTP/1.1", 400, "RFC 9112 §3"],
  ["GET  / HTTP/1.1", 400, "RFC 9112 §3"],
  ["GET /  HTTP/1.1", 400, "RFC 9112 §3"],
  ["GET / HTTP/1.1 ", 400, "RFC 9112 §3"],
  ["GET / HTTP/1.1\t", 400, "RFC 9112 §3"],
  ["GET\t/ HTTP/1.1", 400, "RFC 9112 §3"],
  ["GET /\tHTTP/1.1", 400, "RFC 9112 §3"],
  ["GET\x0b/ HTTP/1.1", 400, "RFC 9112 §3"],
  ["GET\x0c/ HTTP/1.1", 400, "RFC 9112 §3"],
  ["GET / x HTTP/1.1", 400, "RFC 9112 §3"],
  ["GET /\tx HTTP/1.1", 400, "RFC 9112 §3.2"],
  ["GET /#x HTTP/1.1", 400, "RFC 9112 §3.2"],
  ["GET /\0 HTTP/1.1", 400, "RFC 9112 §3.2"],
  ["GET /\x1f HTTP/1.1", 400, "RFC 9112 §3.2"],
  ["GET /\x7f HTTP/1.1", 400, "RFC 9112 §3.2"],
  ["GET /\r HTTP/1.1", 400, "RFC 9112 §2.2"],
  ["GET /\n HTTP/1.1", 400, "RFC 9112 §2.2"],
  ["G(T / HTTP/1.1", 400, "RFC 9110 §9.1"],
  ["G\xc9T / HTTP/1.1", 400, "RFC 9110 §9.1"],
  ["GET: / HTTP/1.1", 400, "RFC 9110 §9.1"],
  ["GET * HTTP/1.1", 400, "RFC 9112 §3.2.4"],
  ["GET x HTTP/1.1", 400, "RFC 9112 §3.2"],
  ["GET a:80 HTTP/1.1", 400, "RFC 9112 §3.2.3"],
  ["CONNECT a: HTTP/1.1", 400, "RFC 9112 §3.2.3"],
  ["CONNECT /x HTTP/1.1", 400, "RFC 9112 §3.2.3"],
  ["CONNECT u:p@a:443 HTTP/1.1", 400, "RFC 9112 §3.2.3"],
  ["GET http://u:p@a/ HTTP/1.1", 400, "RFC 9110 §4.2.4"],
  ["GET http:///x HTTP/1.1", 400, "RFC 9110 §4.2.1"],
  ["GET ftp://a/ HTTP/1.1", 400, "RFC 9112 §3.2.2"],
  ["GET http://b/ HTTP/1.1", 400, "RFC 9112 §3.2"],
  ["GET http://a:81/ HTTP/1.1", 400, "RFC 9112 §3.2"],
  ["GET https://a:80/ HTTP/1.1", 400, "RFC 9112 §3.2"],
  ["GET / HTTP/1.2", 505, "RFC 9110 §15.6.6"],
  ["GET / HTTP/1.9", 505, "RFC 9110 §15.6.6"],
  ["GET / HTTP/2.0", 505, "RFC 9110 §15.6.6"],
  ["PRI * HTTP/2.0", 505, "RFC 9110 §15.6.6"],
  ["GET / HTTP/0.9", 400, "RFC 9112 §2.3"],
  ["GET / HTTP/2", 400, "RFC 9112 §2.3"],
  ["GET / HTTP/1.10", 400, "RFC 9112 §2.3"],
  ["GET / HTTP/01.1", 400, "RFC 9112 §2.3"],
  ["GET / HTTP/1,1", 400, "RFC 9112 §2.3"],
  ["GET / HTTP/1.", 400, "RFC 9112 §2.3"],
  ["GET / HTTP/+1.1", 400, "RFC 9112 §2.3"],
  ["GET / HTTP 1.1", 400, "RFC 9112 §2.3"],
  ["GET / http/1.1", 400, "RFC 9112 §2.3"],
  ["GET / HTTPS/1.1", 400, "RFC 9112 §2.3"],
  ["GET / XHTTP/1.1", 400, "RFC 9112 §2.3"],
  ["GET / ICE/1.0", 400, "RFC 9112 §2.3"],
  ["HTTP/1.1 200 OK", 400, "RFC 9112 §3"],
];
for (const [line, status, section] of refused) {
  test(`RequestDecoder refuses ${JSON.stringify(line)} with ${status} (${section})`, () =>
    assert.match(refusalOf(requests(line + host)) ?? "accepted", new RegExp(`^${status} `)));
}

const GET = ["GET origin / HTTP/1.1 a (length 0)", "field Host: a", "end"];
const begins: [text: string, events: string[] | number, what: string][] = [
  ["\r\nGET / HTTP/1.1" + host, [...GET, "idle"], "passes over one empty line"],
  ["\r\n\r\nGET / HTTP/1.1" + host, 400, "refuses two empty lines"],
  ["\nGET / HTTP/1.1" + host, 400, "refuses a bare LF"],
  ["\r\n\nGET / HTTP/1.1" + host, 400, "refuses a bare LF behind an empty line"],
  ["\r\n\rGET / HTTP/1.1" + host, 400, "refuses a bare CR behind an empty line"],
  ["\rGET / HTTP/1.1" + host, 400, "refuses a bare CR"],
  ["\r\r\nGET / HTTP/1.1" + host, 400, "refuses a CR before an empty line"],
  ["\r\n GET / HTTP/1.1" + host, 400, "refuses a blank behind an empty line"],
  ["\r\n", ["idle"], "says nothing of an empty line alone"],
  ["\r", ["idle"], "says nothing of half an empty line"],
  [
    "GET / HTTP/1.1" + host + "\r\nGET / HTTP/1.1" + host,
    [...GET, ...GET, "idle"],
    "does so for each request",
  ],
  ["\0GET / HTTP/1.1" + host, 400, "refuses a NUL"],
  ["\x16\x03\x01\x02\0\x01\0", 400, "refuses a TLS hello"],
  ["\xef\xbb\xbfGET / HTTP/1.1" + host, 400, "refuses a byte order mark"],
];
for (const [text, events, what] of begins) {
  test(`RequestDecoder ${what} before a request line (RFC 9112 §2.2)`, () => {
    const found = requests(text);
    if (typeof events === "number") assert.match(refusalOf(found) ?? "accepted", new RegExp(`^${events} `));
    else assert.deepEqual(found, events);
  });
}

const LIMITS = { headerSize: 1024, headerCount: 10, targetSize: 200 };
const targets: [length: number, status: number | undefined][] = [
  [199, undefined],
  [200, undefined],
  [201, 414],
  [300, 414],
  [900, 414],
  [5000, 414],
];
for (const [length, status] of targets) {
  test(`RequestDecoder ${status ? "refuses" : "takes"} a target of ${length} bytes at a limit of 200 (RFC 9110 §15.5.15)`, () => {
    const events = requests(`GET /${"x".repeat(length - 1)} HTTP/1.1${host}`, { limits: LIMITS });
    if (status === undefined) assert.equal(events.at(-1), "idle");
    else assert.match(refusalOf(events) ?? "accepted", /^414 target_too_long: /);
  });
}
