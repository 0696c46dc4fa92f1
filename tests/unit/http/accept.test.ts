import assert from "node:assert/strict";
import { test } from "node:test";
import { preferredType } from "../../../src/http/accept.ts";

const OFFERED = ["text/plain", "application/json", "text/html"] as const;

const cases: [accept: string | undefined, type: (typeof OFFERED)[number] | undefined, why: string][] = [
  [undefined, "text/plain", "no Accept"],
  ["", undefined, "an empty Accept"],
  ["*/*", "text/plain", "anything"],
  ["application/json", "application/json", "one type"],
  ["APPLICATION/Json", "application/json", "capitals"],
  ["application/json; charset=utf-8", "application/json", "a parameter"],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html", "a browser"],
  ["application/json, text/html", "application/json", "two types of one quality"],
  ["text/html, application/json", "text/html", "two types of one quality in the other order"],
  ["text/html;q=0.5, application/json;q=0.6", "application/json", "qualities"],
  ["text/html;q=0.5, */*;q=0.4", "text/html", "a quality above that of anything"],
  ["text/html;q=0.4, */*;q=0.5", "text/plain", "a quality below that of anything"],
  ["application/*", "application/json", "a wildcard"],
  ["text/*", "text/plain", "a wildcard that two types fit"],
  ["text/*, text/plain;q=0", "text/html", "a wildcard without one of its types"],
  ["*/*, text/plain;q=0", "application/json", "anything but one"],
  ["*/*;q=0.1, text/*;q=0.9, text/plain;q=0.2", "text/html", "the most specific range, whatever the order"],
  ["text/plain;q=0, application/json;q=0, text/html;q=0", undefined, "nothing wanted"],
  ["*/*;q=0", undefined, "nothing wanted at all"],
  ["image/png", undefined, "a type that is not offered"],
  ["image/png, */*;q=0.1", "text/plain", "a type that is not offered, or anything"],
  ["application/problem+json", undefined, "a type that only resembles one"],
  ["text/html ; q=0.1 , application/json ; q=0.2", "application/json", "blanks around separators"],
  ["\ttext/html\t", "text/html", "tabs"],
  [",,text/html,,", "text/html", "empty members"],
  ["text/html;q=1.000", "text/html", "a quality of three decimals"],
  ["text/html;Q=0.1, application/json;Q=0.2", "application/json", "a capital Q"],
  ["text/html;level=1;q=0.1, application/json;q=0.2", "application/json", "a quality behind a parameter"],
  ["text/html;q=abc, application/json;q=0.1", "application/json", "a quality that is no number"],
  ["text/html;q=, application/json;q=0.1", "application/json", "an empty quality"],
  ["text/html;q=2, application/json;q=0.1", "application/json", "a quality above one"],
  ["text/html;q=-1, application/json;q=0.1", "application/json", "a negative quality"],
  ["text/html;q=NaN, application/json;q=0.1", "application/json", "a quality that is not a number"],
  ["html", undefined, "a word"],
  ["*", undefined, "a star"],
  ["*/html", undefined, "a wildcard in front"],
  ["/", undefined, "a slash"],
  [";;;===", undefined, "garbage"],
  ["\xff\xfe, text/html", "text/html", "bytes beyond ASCII"],
  ["__proto__, constructor, text/html", "text/html", "names of JavaScript's own"],
];
for (const [accept, type, why] of cases) {
  test(`preferredType() is ${type} for ${why}`, () => assert.equal(preferredType(accept, OFFERED), type));
}

test("preferredType() looks at the first 32 members", () => {
  assert.equal(preferredType("image/png,".repeat(31) + "text/html", OFFERED), "text/html");
  assert.equal(preferredType("image/png,".repeat(32) + "text/html", OFFERED), undefined);
});

test("preferredType() takes the first of a type that is offered twice", () => {
  assert.equal(preferredType("text/html", ["text/html", "text/plain", "text/html"]), "text/html");
});

test("preferredType() takes linear time for long values", () => {
  const started = performance.now();
  for (const value of [",", ";", "q=", " ", "a/", "text/html;", "*/*;q=0.1,", "\t \t"]) {
    for (let i = 0; i < 10; i++) preferredType(value.repeat(20_000), OFFERED);
  }
  assert.ok(performance.now() - started < 1500);
});
