import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields } from "../../../src/http/fields.ts";
import { keepAliveHint } from "../../../src/http/keep-alive.ts";

const hints: [value: string | undefined, ms: number][] = [
  [undefined, Infinity],
  ["timeout=5", 4000],
  ["Timeout=5, max=100", 4000],
  ["max=100, timeout=75", 74_000],
  ["max=100,timeout=2", 1000],
  ["timeout=1", 1],
  ["timeout=0", 1],
  ["max=100", Infinity],
  ["timeout=", Infinity],
  ["timeout=x", Infinity],
  ["xtimeout=5", Infinity],
  ["", Infinity],
];
for (const [value, ms] of hints) {
  test(`keepAliveHint() of ${JSON.stringify(value)} is ${ms} ms`, () => {
    const fields = new Fields();
    if (value !== undefined) fields.append("Keep-Alive", value);
    assert.equal(keepAliveHint(fields), ms);
  });
}
