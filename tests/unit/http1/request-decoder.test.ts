import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { RequestDecoder, type RequestHead } from "../../../src/http1/request-decoder.ts";
import { namesOf } from "../../support/fields.ts";

function headOf(text: string): RequestHead {
  const decoder = new RequestDecoder(DEFAULT_LIMITS);
  decoder.push(Buffer.from(text, "latin1"));
  assert.equal(decoder.next(), "head");
  return decoder.head;
}

test("RequestDecoder.head has every part of a request's head", () => {
  const head = headOf(
    "PUT http://a:80/x?y HTTP/1.1\r\nhOST: A\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  assert.equal(head.method, "PUT");
  assert.deepEqual(head.target, { form: "absolute", path: "/x?y", authority: "a:80", scheme: "http" });
  assert.equal(head.minorVersion, 1);
  assert.deepEqual(namesOf(head.fields), ["hOST", "X", "Transfer-Encoding"]);
  assert.deepEqual(head.framing, { kind: "chunked" });
  assert.equal(head.authority, "a:80");
});

const authorities: [text: string, authority: string][] = [
  ["GET / HTTP/1.1\r\nHost: A.b:81\r\n\r\n", "A.b:81"],
  ["GET / HTTP/1.0\r\n\r\n", ""],
  ["GET / HTTP/1.0\r\nHost: a\r\n\r\n", "a"],
  ["GET http://b/ HTTP/1.0\r\n\r\n", "b"],
  ["GET http://a/ HTTP/1.1\r\nHost: A:80\r\n\r\n", "a"],
  ["GET https://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n", "a"],
  ["CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", "b:443"],
  ["OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "a"],
];
for (const [text, authority] of authorities) {
  test(`RequestDecoder.head names ${JSON.stringify(authority)} as the authority of ${text.split("\r\n")[0]}`, () =>
    assert.equal(headOf(text).authority, authority));
}
