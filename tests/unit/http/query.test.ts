import assert from "node:assert/strict";
import { test } from "node:test";
import { queryValues } from "../../../src/http/query.ts";

const cases: [target: string, value: string | undefined, why: string][] = [
  ["/", undefined, "no query"],
  ["*", undefined, "a target without a path"],
  ["/?", undefined, "an empty query"],
  ["/?a=1", "1", "one parameter"],
  ["/?a", "", "a parameter without a sign"],
  ["/?a=", "", "an empty value"],
  ["/?b=2&a=1", "1", "the second parameter"],
  ["/?a=1&a=2", "1", "two of a name"],
  ["/?A=1", undefined, "another case"],
  ["/?xa=1&ax=2", undefined, "names that hold it"],
  ["/?&&a=1&&", "1", "empty parts"],
  ["/?a=b=c", "b=c", "a value with a sign"],
  ["/?b=2;a=1", undefined, "a semicolon, which is no separator"],
  ["/?a=1+2%203", "1 2 3", "blanks"],
  ["/?%61=1", "1", "an escaped name"],
  ["/?a=%E2%82%AC", "\u20ac", "UTF-8"],
  ["/?a=%2B%26%3D%3F", "+&=?", "escaped separators"],
  ["/?a=%", "%", "a lone percent sign"],
  ["/?a=%zz%4", "%zz%4", "broken escapes"],
  ["/?a=%FF", "\ufffd", "an escape that is no UTF-8"],
  ["/?a=/b?c", "/b?c", "a slash and a question mark in the value"],
  ["/a=1", undefined, "a path that looks like it"],
  ["/x??a=1", undefined, "a second question mark, which is a part of the name"],
  ["/x??", undefined, "two question marks"],
];
for (const [target, value, why] of cases) {
  test(`queryValues() finds ${JSON.stringify(value) ?? "nothing"} for ${why}`, () =>
    assert.equal(queryValues(target, new Set(["a"])).get("a")?.[0], value));
}

test("queryValues() reads a name with a question mark in front", () => {
  assert.equal(queryValues("/x??a=1", new Set(["?a"])).get("?a")?.[0], "1");
});

test("queryValues() knows no names of JavaScript's own", () => {
  assert.equal(queryValues("/?a=1", new Set(["__proto__"])).size, 0);
});

test("queryValues() finds many names at once and keeps nothing else", () => {
  for (const query of ["b=2&c=3&a=1&a=4&d=5", "%62=2&c=3&a=1&a=4&d=5"]) {
    assert.deepEqual([...queryValues(`/?${query}`, new Set(["a", "b", "x"]))].sort(), [
      ["a", ["1", "4"]],
      ["b", ["2"]],
    ]);
  }
});

test("queryValues() reads as the runtime's own reader does", () => {
  const parts = ["a", "=", "&", "%61", "%", "+", "b", "?", ";", "\u00e9", "%C3%A9", "#"];
  for (let i = 0; i < parts.length ** 4; i++) {
    let query = "";
    for (let rest = i, n = 0; n < 4; n++, rest = Math.floor(rest / parts.length)) {
      query += parts[rest % parts.length];
    }
    const expected = new URLSearchParams("&" + query);
    const found = queryValues(`/?${query}`, new Set(["a", "b", ""]));
    for (const name of ["a", "b", ""]) assert.deepEqual(found.get(name) ?? [], expected.getAll(name), query);
  }
});

test("queryValues() unescapes a query once, whatever it holds", (t) => {
  let made = 0;
  const Native = URLSearchParams;
  globalThis.URLSearchParams = class extends Native {
    constructor(init?: ConstructorParameters<typeof Native>[0]) {
      super(init);
      made++;
    }
  };
  t.after(() => globalThis.URLSearchParams = Native);
  for (const pair of ["a=%41&", "%61=1&", "a=+&%62&", "x=%41&"]) {
    made = 0;
    queryValues("/?" + pair.repeat(1000), new Set(["a", "b"]));
    assert.ok(made <= 1, `${made} times for ${pair}`);
  }
});
