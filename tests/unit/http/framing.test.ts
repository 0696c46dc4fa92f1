import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { Fields } from "../../../src/http/fields.ts";
import {
  declaredLength,
  type Framing,
  NO_BODY,
  requestFraming,
  responseFraming,
} from "../../../src/http/framing.ts";

/** Fields of lines written `Name: value`. */
function fieldsOf(...lines: string[]): Fields {
  const fields = new Fields();
  for (const line of lines) {
    const colon = line.indexOf(":");
    fields.append(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ""));
  }
  return fields;
}

const none = { kind: "length", length: 0 } as const;
const chunked = { kind: "chunked" } as const;
const close = { kind: "close" } as const;

const framings: [lines: string[], framing: Framing][] = [
  [[], none],
  [["Content-Length: 0"], none],
  [["content-length: 5"], { kind: "length", length: 5 }],
  [["Content-Length: 0005"], { kind: "length", length: 5 }],
  [["Content-Length: 9007199254740991"], { kind: "length", length: 9007199254740991 }],
  [["Content-Length: " + "0".repeat(30) + "7"], { kind: "length", length: 7 }],
  [["Transfer-Encoding: chunked"], chunked],
  [["TRANSFER-ENCODING: Chunked"], chunked],
];
for (const [lines, framing] of framings) {
  test(`requestFraming() reads ${JSON.stringify(lines)} (RFC 9112 §6.3)`, () =>
    assert.deepEqual(requestFraming(fieldsOf(...lines), 1), framing));
}

const broken: [lines: string[], minorVersion: number, status: number][] = [
  [["Content-Length: 5", "Content-Length: 5"], 1, 400],
  [["Content-Length: 5", "content-length: 6"], 1, 400],
  [["Content-Length: 5, 5"], 1, 400],
  [["Content-Length:"], 1, 400],
  [["Content-Length: +5"], 1, 400],
  [["Content-Length: -5"], 1, 400],
  [["Content-Length: 5 5"], 1, 400],
  [["Content-Length: 0x5"], 1, 400],
  [["Content-Length: 5.0"], 1, 400],
  [["Content-Length: 1e3"], 1, 400],
  [["Content-Length: 5;"], 1, 400],
  [["Content-Length: \xb2"], 1, 400],
  [["Content-Length: 9007199254740992"], 1, 400],
  [["Content-Length: 18446744073709551621"], 1, 400],
  [["Content-Length: " + "9".repeat(400)], 1, 400],
  [["Content-Length: 5", "Transfer-Encoding: chunked"], 1, 400],
  [["Transfer-Encoding: chunked", "Content-Length: 0"], 1, 400],
  [["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], 1, 400],
  [["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"], 1, 400],
  [["Transfer-Encoding: chunked"], 0, 400],
  [["Transfer-Encoding:"], 1, 400],
  [["Transfer-Encoding: ,"], 1, 400],
  [["Transfer-Encoding: identity"], 1, 400],
  [["Transfer-Encoding: chunked, chunked"], 1, 400],
  [["Transfer-Encoding: chunked,"], 1, 400],
  [["Transfer-Encoding: ,chunked"], 1, 400],
  [["Transfer-Encoding: chunked, gzip"], 1, 400],
  [["Transfer-Encoding: chunked, identity"], 1, 400],
  [["Transfer-Encoding: identity, chunked"], 1, 400],
  [["Transfer-Encoding: chunked;q=1"], 1, 400],
  [['Transfer-Encoding: "chunked"'], 1, 400],
  [["Transfer-Encoding: chun ked"], 1, 400],
  [["Transfer-Encoding: \xa0chunked"], 1, 400],
  [["Transfer-Encoding: gzip,\xa0chunked"], 1, 400],
  [["Transfer-Encoding: gzip\xa0, chunked"], 1, 400],
  [["Transfer-Encoding: xchunked"], 1, 501],
  [["Transfer-Encoding: gzip"], 1, 501],
  [["Transfer-Encoding: cow"], 1, 501],
  [["Transfer-Encoding: gzip, chunked"], 1, 501],
  [["Transfer-Encoding: Deflate,gzip\t,\tChunked"], 1, 501],
];
for (const [lines, minorVersion, status] of broken) {
  const shown = JSON.stringify(lines).slice(0, 80);
  test(`requestFraming() refuses ${shown} in HTTP/1.${minorVersion} with ${status} (RFC 9112 §6.3)`, () =>
    assert.throws(
      () => requestFraming(fieldsOf(...lines), minorVersion),
      (error) => error instanceof ProxyError && error.status === status,
    ));
  test(`responseFraming() refuses ${shown} in HTTP/1.${minorVersion}, whatever the status (RFC 9112 §6.3)`, () => {
    for (
      const [code, method] of [[200, "GET"], [204, "GET"], [304, "GET"], [103, "GET"], [200, "HEAD"]] as const
    ) {
      assert.throws(
        () => responseFraming(fieldsOf(...lines), { status: code, minorVersion, method }),
        (error) => error instanceof ProxyError && error.kind === "upstream_invalid",
      );
    }
  });
}

const answers: [status: number, method: string, lines: string[], framing: Framing][] = [
  [200, "GET", [], close],
  [200, "POST", ["Content-Length: 0"], none],
  [200, "GET", ["Content-Length: 5"], { kind: "length", length: 5 }],
  [200, "GET", ["Transfer-Encoding: chunked"], chunked],
  [404, "GET", [], close],
  [205, "GET", ["Content-Length: 0"], none],
  [200, "HEAD", ["Content-Length: 5"], none],
  [200, "HEAD", ["Transfer-Encoding: chunked"], none],
  [200, "HEAD", [], none],
  [200, "head", [], close],
  [204, "GET", ["Content-Length: 5"], none],
  [204, "GET", [], none],
  [304, "GET", ["Content-Length: 5"], none],
  [304, "GET", ["Transfer-Encoding: chunked"], none],
  [100, "POST", [], none],
  [103, "GET", ["Content-Length: 5"], none],
  [101, "GET", [], none],
  [199, "GET", [], none],
];
for (const [status, method, lines, framing] of answers) {
  test(`responseFraming() of ${status} to ${method} with ${JSON.stringify(lines)} (RFC 9112 §6.3)`, () =>
    assert.deepEqual(responseFraming(fieldsOf(...lines), { status, minorVersion: 1, method }), framing));
}

test("responseFraming() ignores what a 2xx to CONNECT declares (RFC 9112 §6.3)", () => {
  const answer = { status: 200, minorVersion: 1, method: "CONNECT" };
  assert.deepEqual(responseFraming(fieldsOf("Content-Length: 3"), answer), { kind: "length", length: 0 });
  assert.deepEqual(responseFraming(fieldsOf("Content-Length: 3"), { ...answer, status: 403 }), {
    kind: "length",
    length: 3,
  });
});
test("responseFraming() takes HTTP/1.0 answers by length and until close (RFC 9112 §6.3)", () => {
  const of = (...lines: string[]) =>
    responseFraming(fieldsOf(...lines), { status: 200, minorVersion: 0, method: "GET" });
  assert.deepEqual(of("Content-Length: 3"), { kind: "length", length: 3 });
  assert.deepEqual(of(), close);
});

const lengths: [lines: string[], length: number | undefined][] = [
  [[], undefined],
  [["Content-Length: 12"], 12],
  [["X: 1", "content-length: 0"], 0],
  [["Content-Length: x"], undefined],
  [["Content-Length: -1"], undefined],
  [["Content-Length: 9007199254740992"], undefined],
];
for (const [lines, length] of lengths) {
  test(`declaredLength() of ${JSON.stringify(lines)} is ${length}`, () =>
    assert.equal(declaredLength(fieldsOf(...lines)), length));
}

test("NO_BODY is a length of 0", () => assert.deepEqual(NO_BODY, none));
