import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError, type ProxyErrorKind, toProxyError } from "../../../src/base/errors.ts";

const cases: [kind: ProxyErrorKind, idempotent: boolean, retryable: boolean][] = [
  ["connect_refused", false, true],
  ["connect_timeout", false, true],
  ["upstream_reset", true, true],
  ["upstream_reset", false, false],
  ["response_timeout", false, false],
  ["client_closed", true, false],
  ["bad_request", true, false],
  ["no_server", true, false],
];
for (const [kind, idempotent, retryable] of cases) {
  test(`ProxyError.retryable() of ${kind}, ${idempotent ? "" : "not "}idempotent, is ${retryable}`, () => {
    assert.equal(new ProxyError(kind, "x").retryable(idempotent), retryable);
  });
}

test("toProxyError() keeps a ProxyError and takes everything else for an internal error", () => {
  const known = new ProxyError("no_route", "x");
  assert.equal(toProxyError(known), known);
  const cause = new TypeError("oops");
  const unknown = toProxyError(cause);
  assert.deepEqual([unknown.kind, unknown.status, unknown.message, unknown.cause], [
    "internal_error",
    500,
    "oops",
    cause,
  ]);
});
