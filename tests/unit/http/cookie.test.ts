import assert from "node:assert/strict";
import { test } from "node:test";
import { cookieValues } from "../../../src/http/cookie.ts";
import { Fields } from "../../../src/http/fields.ts";

const cases: [lines: string[], value: string | undefined, why: string][] = [
  [[], undefined, "no cookie"],
  [["Cookie: "], undefined, "an empty line"],
  [["Cookie: a=1"], "1", "one cookie"],
  [["cOOKIE: a=1"], "1", "a name in any case"],
  [["Cookie: b=2; a=1"], "1", "the second cookie"],
  [["Cookie: b=2;a=1"], "1", "no blank behind the semicolon"],
  [["Cookie: b=2 ;\ta=1"], "1", "blanks and tabs"],
  [["Cookie: a = 1 "], "1", "blanks around the sign"],
  [["Cookie: a="], "", "an empty value"],
  [["Cookie: a"], undefined, "a cookie without a sign"],
  [["Cookie: =1"], undefined, "a cookie without a name"],
  [["Cookie: A=1"], undefined, "another case"],
  [["Cookie: xa=1; ax=2; a-b=3"], undefined, "names that hold it"],
  [["Cookie: b=a=1"], undefined, "a value that looks like it"],
  [["Cookie: a=b=c"], "b=c", "a value with a sign"],
  [["Cookie: a=1; a=2"], "1", "two of a name"],
  [["Cookie: b=2", "Cookie: a=1"], "1", "two lines"],
  [["Cookie: a=1", "Cookie: a=2"], "1", "one in each of two lines"],
  [["Cookie: a=x, y, a=2; b=3"], "x, y, a=2", "a value with commas"],
  [["Cookie: b=x,a=1"], undefined, "a comma is no separator"],
  [['Cookie: a="1"'], "1", "a quoted value"],
  [['Cookie: a=""'], "", "empty quotes"],
  [['Cookie: a="'], '"', "one quote"],
  [['Cookie: a="1'], '"1', "a quote that is not closed"],
  [["Cookie: a=%41"], "%41", "an escape, which cookies do not know"],
  [["Cookie: ;;; ;a=1;;"], "1", "empty parts"],
  [["Cookie2: a=1", "X-Cookie: a=1", "Set-Cookie: a=1"], undefined, "other fields"],
  [["Cookie: \u00a0a=1"], undefined, "a no-break space, which is a part of the name"],
];
for (const [lines, value, why] of cases) {
  test(`cookieValues() finds ${JSON.stringify(value) ?? "nothing"} for ${why}`, () =>
    assert.equal(cookieValue(lines, "a"), value));
}

test("cookieValues() knows no names of JavaScript's own", () => {
  assert.equal(cookieValue(["Cookie: a=1"], "__proto__"), undefined);
  assert.equal(cookieValue(["Cookie: __proto__=1"], "__proto__"), "1");
});

test("cookieValues() takes linear time for long values", () => {
  const started = performance.now();
  for (const value of [";", "a;", "=", " ", "b=1;", '"']) {
    cookieValue([`Cookie: ${value.repeat(50_000)}`], "a");
  }
  assert.ok(performance.now() - started < 500);
});

test("cookieValues() finds many names at once and keeps nothing else", () => {
  const fields = fieldsOf(["Cookie: b=2; c=3; a=1; a=4", "Cookie: x=5"]);
  const found = cookieValues(fields, new Set(["a", "b", "x", "y"]));
  assert.deepEqual([...found].sort(), [["a", ["1", "4"]], ["b", ["2"]], ["x", ["5"]]]);
});

function cookieValue(lines: readonly string[], name: string): string | undefined {
  return cookieValues(fieldsOf(lines), new Set([name])).get(name)?.[0];
}

function fieldsOf(lines: readonly string[]): Fields {
  const fields = new Fields();
  for (const line of lines) {
    fields.append(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2));
  }
  return fields;
}
