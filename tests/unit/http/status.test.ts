import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError, type ProxyErrorKind } from "../../../src/base/errors.ts";
import { reasonPhrase } from "../../../src/http/status.ts";

const phrases: [status: number, phrase: string][] = [
  [100, "Continue"],
  [101, "Switching Protocols"],
  [103, "Early Hints"],
  [200, "OK"],
  [413, "Content Too Large"],
  [431, "Request Header Fields Too Large"],
  [505, "HTTP Version Not Supported"],
  [299, ""],
  [999, ""],
];
for (const [status, phrase] of phrases) {
  test(`reasonPhrase() of ${status} is ${JSON.stringify(phrase)}`, () =>
    assert.equal(reasonPhrase(status), phrase));
}

const refusals: ProxyErrorKind[] = [
  "bad_request",
  "target_too_long",
  "headers_too_large",
  "coding_unsupported",
  "version_unsupported",
  "upstream_invalid",
];
for (const kind of refusals) {
  test(`reasonPhrase() has one for the status of ${kind}`, () =>
    assert.notEqual(reasonPhrase(new ProxyError(kind, "").status), ""));
}
