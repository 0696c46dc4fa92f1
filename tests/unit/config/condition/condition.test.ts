import assert from "node:assert/strict";
import { test } from "node:test";
import type { Condition } from "../../../../src/config/condition/condition.ts";
import { parseCondition } from "../../../../src/config/condition/parser.ts";

/** `condition` with every parenthesis that its structure has, to compare it as one line. */
function written(condition: Condition): string {
  switch (condition.kind) {
    case "not":
      return `!${written(condition.term)}`;
    case "all":
    case "any":
      return `(${condition.terms.map(written).join(condition.kind === "all" ? " & " : " | ")})`;
    case "inside":
      return `src in ${condition.blocks.map(({ groups, bits }) => `${groups.join(":")}/${bits}`).join()}`;
    case "present":
      return `${condition.subject}<${condition.argument}>`;
    case "matches":
      return `${condition.subject}<${condition.argument}> ~ ${condition.pattern}`;
    default:
      return `${condition.subject}<${condition.argument}> in ${JSON.stringify(condition.values)}`;
  }
}

const accepted: [text: string, meaning: string][] = [
  // Subjects.
  ["host == a.example", 'host<> in ["a.example"]'],
  ["host == A.Example.", 'host<> in ["a.example"]'],
  ["host == *.Example.com", 'host<> in ["*.example.com"]'],
  ["host == 10.0.0.1", 'host<> in ["10.0.0.1"]'],
  ["host == [2001:DB8:0::1]", 'host<> in ["[2001:db8::1]"]'],
  ["host ~ ^a[0-9]+$", "host<> ~ ^a[0-9]+$"],
  ["path == /a/b", 'path<> in ["/a/b"]'],
  ["path == *", 'path<> in ["*"]'],
  ["path == /%2F;x=(y)", 'path<> in ["/%2F;x=(y)"]'],
  ["path ~ ^/v[12]/", "path<> ~ ^/v[12]/"],
  ["path ~ [ab c]d", "path<> ~ [ab c]d"],
  ["path ~ ^/(?:a|b)/\\d+$", "path<> ~ ^/(?:a|b)/\\d+$"],
  ["path ~ ^/(a||b)$", "path<> ~ ^/(a||b)$"],
  ["path_prefix == /api", 'path_prefix<> in ["/api"]'],
  ["path_prefix in [/api, /v1/]", 'path_prefix<> in ["/api","/v1/"]'],
  ["method == GET", 'method<> in ["GET"]'],
  ["method in [M-SEARCH, PROPFIND]", 'method<> in ["M-SEARCH","PROPFIND"]'],
  ["method ~ ^(?:PUT|POST)$", "method<> ~ ^(?:PUT|POST)$"],
  ["header(X-Beta)", "header<x-beta>"],
  ["header(X-Beta) == Yes", 'header<x-beta> in ["Yes"]'],
  ["header ( x-beta ) == 1", 'header<x-beta> in ["1"]'],
  ["header('x-beta') ~ ^1", "header<x-beta> ~ ^1"],
  ["query(Page)", "query<Page>"],
  ["query(a-b) == 1", 'query<a-b> in ["1"]'],
  ['query("a b") == 1', 'query<a b> in ["1"]'],
  ["query(filter(a)) == 1", 'query<filter(a)> in ["1"]'],
  ["cookie(Session)", "cookie<Session>"],
  ["cookie(a) ~ .", "cookie<a> ~ ."],
  ["src == 10.0.0.1", "src in 0:0:0:0:0:65535:2560:1/128"],
  ["src in 10.0.0.0/8", "src in 0:0:0:0:0:65535:2560:0/104"],
  ["src in [::1, 10.0.0.0/8]", "src in 0:0:0:0:0:0:0:1/128,0:0:0:0:0:65535:2560:0/104"],
  ["src != ::1", "!src in 0:0:0:0:0:0:0:1/128"],
  // Operators.
  ["host != a", '!host<> in ["a"]'],
  ["host in a", 'host<> in ["a"]'],
  ["host in [a]", 'host<> in ["a"]'],
  ["host in[a,b , c]", 'host<> in ["a","b","c"]'],
  ["host in[[::1],'[::2]']", 'host<> in ["[::1]","[::2]"]'],
  ["host in'a'", 'host<> in ["a"]'],
  ["header(a) in [ 'x, y' , \"]\" ]", 'header<a> in ["x, y","]"]'],
  ["header(a)==b", 'header<a> in ["b"]'],
  ["header(a)!=b", '!header<a> in ["b"]'],
  ["header(a)~b", "header<a> ~ b"],
  ["header(a) == in", 'header<a> in ["in"]'],
  ["header(in) in in", 'header<in> in ["in"]'],
  ["header(a) == ==", 'header<a> in ["=="]'],
  ["header(a) == !b", 'header<a> in ["!b"]'],
  ["header(a) == b!=c", 'header<a> in ["b!=c"]'],
  // Values.
  ['header(a) == ""', 'header<a> in [""]'],
  ["header(a) == ''", 'header<a> in [""]'],
  ['header(a) == "b c"', 'header<a> in ["b c"]'],
  ["header(a) == 'b && c'", 'header<a> in ["b && c"]'],
  [`header(a) == 'b "c"'`, 'header<a> in ["b \\"c\\""]'],
  [`header(a) == "b \\"c\\""`, 'header<a> in ["b \\"c\\""]'],
  [`header(a) ~ "\\d\\\\."`, "header<a> ~ \\d\\\\."],
  ["header(a) == text/html", 'header<a> in ["text/html"]'],
  ["header(a) == b,c", 'header<a> in ["b,c"]'],
  ["header(a) == b(c)d", 'header<a> in ["b(c)d"]'],
  ["header(a) == b'c", 'header<a> in ["b\'c"]'],
  ["header(a) == b&c|d", 'header<a> in ["b&c|d"]'],
  ["header(a) == \u20ac", 'header<a> in ["\u20ac"]'],
  // How tests are joined.
  ["host == a || host == b && host == c", '(host<> in ["a"] | (host<> in ["b"] & host<> in ["c"]))'],
  ["host == a && host == b || host == c", '((host<> in ["a"] & host<> in ["b"]) | host<> in ["c"])'],
  ["(host == a || host == b) && host == c", '((host<> in ["a"] | host<> in ["b"]) & host<> in ["c"])'],
  ["header(a) || header(b) || header(c)", "(header<a> | header<b> | header<c>)"],
  ["header(a) && (header(b) && header(c))", "(header<a> & (header<b> & header<c>))"],
  ["header(a)&&header(b)||header(c)", "((header<a> & header<b>) | header<c>)"],
  ["header(a)==b&&header(c)==d", '(header<a> in ["b"] & header<c> in ["d"])'],
  ["!header(a) && header(b)", "(!header<a> & header<b>)"],
  ["!(header(a) && header(b))", "!(header<a> & header<b>)"],
  ["!header(a) == b", '!header<a> in ["b"]'],
  ["!!header(a)", "!!header<a>"],
  ["! ! header(a) != b", '!!!header<a> in ["b"]'],
  ["((header(a)))", "header<a>"],
  ["(path ~ ^/a)", "path<> ~ ^/a"],
  ["(path ~ ^/(a|b))", "path<> ~ ^/(a|b)"],
  ["(path ~ '^/\\(')", "path<> ~ ^/\\("],
  ["  header(a)\t\n&&\r\n header(b)  ", "(header<a> & header<b>)"],
];
for (const [text, meaning] of accepted) {
  test(`parseCondition() reads ${JSON.stringify(text)}`, () => {
    assert.equal(written(parseCondition(text)), meaning);
  });
}

test("parseCondition() reads 50 levels", () => {
  assert.equal(written(parseCondition("(".repeat(50) + "header(a)" + ")".repeat(50))), "header<a>");
  assert.equal(written(parseCondition("!".repeat(50) + "header(a)")), "!".repeat(50) + "header<a>");
});

test("parseCondition() reads any number of tests side by side", () => {
  const condition = parseCondition("(header(a)) || ".repeat(5000) + "header(a)");
  assert.equal(condition.kind === "any" && condition.terms.length, 5001);
});

const LONG: [what: string, text: string][] = [
  ["tests", "host == a || ".repeat(10_000) + "host == b"],
  ["a bare value", `header(a) == ${"b".repeat(100_000)}`],
  ["a quoted value", `header(a) == "${"b".repeat(100_000)}"`],
  ["a quoted value of escapes", `header(a) == "${'\\"'.repeat(50_000)}"`],
  ["a list", `src in [${"10.0.0.1, ".repeat(10_000)}10.0.0.2]`],
  ["blanks", " ".repeat(100_000) + "header(a)"],
  ["a name", `header(${"a".repeat(100_000)})`],
];
for (const [what, text] of LONG) {
  test(`parseCondition() takes no long time for ${what} of great length`, () => {
    const started = performance.now();
    parseCondition(text);
    assert.ok(performance.now() - started < 500);
  });
}
