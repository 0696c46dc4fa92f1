import assert from "node:assert/strict";
import { test } from "node:test";
import { isIdempotent } from "../../../src/http/methods.ts";

const methods: [method: string, idempotent: boolean][] = [
  ["GET", true],
  ["HEAD", true],
  ["PUT", true],
  ["DELETE", true],
  ["OPTIONS", true],
  ["TRACE", true],
  ["QUERY", true],
  ["POST", false],
  ["PATCH", false],
  ["CONNECT", false],
  ["PROPFIND", false],
  ["get", false],
  ["", false],
];
for (const [method, idempotent] of methods) {
  test(`isIdempotent() says ${idempotent} of ${JSON.stringify(method)} (RFC 9110 §9.2.2)`, () =>
    assert.equal(isIdempotent(method), idempotent));
}
