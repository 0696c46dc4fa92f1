import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields } from "../../../src/http/fields.ts";
import { reconcile } from "../../../src/message/merged-headers.ts";
import { namesOf } from "../../support/fields.ts";

const LINES: [string, string][] = [["x-B", "1"], ["Set-Cookie", "a=1"], ["X-a", "2"], ["X-B", "3"], [
  "Set-Cookie",
  "b=2",
]];

const CASES: [what: string, change: (headers: Headers) => void, expected: [string, string][]][] = [
  ["every line where nothing changed", () => {}, LINES],
  ["the other lines where one is set", (headers) => headers.set("x-a", "9"), [...without("x-a"), [
    "x-a",
    "9",
  ]]],
  ["the other lines where one is new", (headers) => headers.set("X-New", "9"), [...LINES, ["x-new", "9"]]],
  ["the other lines where one is deleted", (headers) => headers.delete("x-b"), without("x-b")],
  ["one line where a repeated one is set", (headers) => headers.set("x-b", "9"), [...without("x-b"), [
    "x-b",
    "9",
  ]]],
  ["each cookie where one is added", (headers) => headers.append("set-cookie", "c=3"), [
    ...without("set-cookie"),
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
    ["set-cookie", "c=3"],
  ]],
];
for (const [what, change, expected] of CASES) {
  test(`reconcile() keeps ${what}`, () => {
    const fields = new Fields();
    for (const [name, value] of LINES) fields.append(name, value);
    const headers = fields.toHeaders();
    change(headers);
    const result = reconcile(fields, headers);
    assert.deepEqual(namesOf(result).map((name, i) => [name, result.value(i)]), expected);
  });
}

function without(lower: string): [string, string][] {
  return LINES.filter(([name]) => name.toLowerCase() !== lower);
}
