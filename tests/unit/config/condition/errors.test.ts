import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCondition } from "../../../../src/config/condition/parser.ts";
import { ConditionError } from "../../../../src/config/condition/reader.ts";
import { refusals } from "../support.ts";

const SUBJECTS = "host, path, path_prefix, method, header, query, cookie, src";
const OPERATORS = '"==", "!=", "~" or "in"';
const JOINTS = '"&&", "||" or the end';
const HOST = 'a name without port, or "*.example.com"';
const PATH = 'a path that starts with "/", without query';
const STARLESS = "accepted: path_prefix with the prefix alone, or path ~";
const BLOCK = "an IP address, or a block such as 10.0.0.0/8";

const rows: [text: string, column: number, rest: string][] = [
  ["", 1, `unexpected end; accepted: ${SUBJECTS}`],
  ["  ", 3, `unexpected end; accepted: ${SUBJECTS}`],
  ["()", 2, `unexpected ")"; accepted: ${SUBJECTS}`],
  ["!", 2, `unexpected end; accepted: ${SUBJECTS}`],
  ["&& header(a)", 1, `unexpected "&&"; accepted: ${SUBJECTS}`],
  ["header(a) &&", 13, `unexpected end; accepted: ${SUBJECTS}`],
  ["header(a) || || header(b)", 14, `unexpected "||"; accepted: ${SUBJECTS}`],
  ['"host" == a', 1, `unexpected "\\"host\\""; accepted: ${SUBJECTS}`],
  ["Host == a", 1, `unknown name "Host"; accepted: ${SUBJECTS}; did you mean "host"?`],
  ["hots == a", 1, `unknown name "hots"; accepted: ${SUBJECTS}; did you mean "host"?`],
  ["port == 80", 1, `unknown name "port"; accepted: ${SUBJECTS}`],
  ["verb == GET", 1, `unknown name "verb"; accepted: ${SUBJECTS}`],
  ["header(a) && pth == /", 14, `unknown name "pth"; accepted: ${SUBJECTS}; did you mean "path"?`],
  ["host", 5, `unexpected end; accepted: ${OPERATORS}`],
  ["host a", 6, `unexpected "a"; accepted: ${OPERATORS}`],
  ["host = a", 6, `unexpected "="; accepted: ${OPERATORS}`],
  ["host === a", 8, 'no host: "="; accepted: ' + HOST],
  ["host is a", 6, `unexpected "is"; accepted: ${OPERATORS}`],
  ["host(a) == b", 5, `unexpected "("; accepted: ${OPERATORS}`],
  ["header(a) like b", 11, `unexpected "like"; accepted: ${OPERATORS}`],
  ["header(a) = b", 11, `unexpected "="; accepted: ${OPERATORS}`],
  ["header(a) and header(b)", 11, `unexpected "and"; accepted: ${OPERATORS}`],
  ["header(a) & header(b)", 11, `unexpected "&"; accepted: ${JOINTS}`],
  ["header(a) header(b)", 11, `unexpected "header"; accepted: ${OPERATORS}`],
  ["host == ", 9, "unexpected end; accepted: a value"],
  ["host == && path == /", 9, 'unexpected "&&"; accepted: a value'],
  ["(host == )", 10, 'unexpected ")"; accepted: a value'],
  ["host == a b", 11, `unexpected "b"; accepted: ${JOINTS}`],
  ["header(a) == 'b'c", 17, `unexpected "c"; accepted: ${JOINTS}`],
  ["host == a)", 10, `unexpected ")"; accepted: ${JOINTS}`],
  ["(host == a", 11, 'unexpected end; accepted: ")", "&&" or "||"'],
  ["(host == a b)", 12, 'unexpected "b"; accepted: ")", "&&" or "||"'],
  ['header(a) == "b', 14, 'a quote that is never closed; accepted: " at the end of the value'],
  ["header(a) == 'b\\'", 14, "a quote that is never closed; accepted: ' at the end of the value"],
  ["header == a", 1, '"header" without a name; accepted: header(name)'],
  ["all(query(a))", 14, 'unexpected end; accepted: "==", "!=", "~" or "in"'],
  ["all(query(a) == 1)", 14, 'unexpected "=="; accepted: ")"'],
  ["all(host) == a", 5, "all(host …); accepted: all(query(name)) or all(cookie(name))"],
  ["query", 1, '"query" without a name; accepted: query(name)'],
  ["header(a) || cookie", 14, '"cookie" without a name; accepted: cookie(name)'],
  ["header()", 8, 'unexpected ")"; accepted: a value'],
  ["header(", 8, "unexpected end; accepted: a value"],
  ["header(a", 9, 'unexpected end; accepted: ")"'],
  ["header(a b)", 10, 'unexpected "b"; accepted: ")"'],
  ["header('a b')", 8, "no header name; accepted: header(name)"],
  ["header(a:)", 8, "no header name; accepted: header(name)"],
  ["host in []", 10, 'unexpected "]"; accepted: a value'],
  ["host in [a", 11, 'unexpected end; accepted: "," or "]"'],
  ["host in [a b]", 12, 'unexpected "b"; accepted: "," or "]"'],
  ["host in [a,]", 12, 'unexpected "]"; accepted: a value'],
  ["host in [a, b/]", 13, `no host: "b/"; accepted: ${HOST}`],
  ["host == a.example:80", 9, `no host: "a.example:80"; accepted: ${HOST}; did you mean "a.example"?`],
  ["host == ::1", 9, `no host: "::1"; accepted: ${HOST}`],
  ["host == *", 9, `no host: "*"; accepted: ${HOST}`],
  ["host == a.*", 9, `no host: "a.*"; accepted: ${HOST}`],
  ["host == ''", 9, `no host: ""; accepted: ${HOST}`],
  ["path == api", 9, `no path: "api"; accepted: ${PATH}; did you mean "/api"?`],
  ["path == /a?b", 9, `no path: "/a?b"; accepted: ${PATH}`],
  [
    "path_prefix == /api/*",
    16,
    `"/api/*", whose star would be a star; ${STARLESS}; did you mean "path_prefix == /api"?`,
  ],
  [
    "path == /api*",
    9,
    `"/api*", whose star would be a star; ${STARLESS}; did you mean "path_prefix == /api"?`,
  ],
  [
    "path in [/a, /**]",
    14,
    `"/**", whose star would be a star; ${STARLESS}; did you mean "path_prefix == /"?`,
  ],
  ["path_prefix == 'a b'", 16, `no path: "a b"; accepted: ${PATH}`],
  ["path_prefix ~ ^/a", 13, '"path_prefix" with "~"; accepted: "==", "!=" or "in"'],
  ["method == get", 11, 'no method: "get"; accepted: a method in capitals; did you mean "GET"?'],
  ["method == 'A B'", 11, 'no method: "A B"; accepted: a method in capitals'],
  ["src == a.example", 8, `no address: "a.example"; accepted: ${BLOCK}`],
  ["src in [10.0.0.0/8, 10.0.0.0/33]", 21, `no address: "10.0.0.0/33"; accepted: ${BLOCK}`],
  ["src ~ ^10", 5, '"src" with "~"; accepted: "==", "!=" or "in"'],
  ["path ~ ^/a(b", 8, 'no regular expression: "^/a(b"; accepted: one such as ^/v[12]/'],
  ["path ~ '*'", 8, 'no regular expression: "*"; accepted: one such as ^/v[12]/'],
  // The operator is known; what it needs is missing.
  ["host in", 8, "unexpected end; accepted: a value, or a list such as [a, b]"],
  ["host in(a)", 8, 'unexpected "("; accepted: a value, or a list such as [a, b]'],
];
for (const [text, column, rest] of rows) {
  test(`parseCondition() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseCondition(text), (error) => {
      assert.ok(error instanceof ConditionError);
      assert.equal(error.message, `is no condition: column ${column}: ${rest}`);
      assert.equal(error.at, column - 1);
      return true;
    });
  });
}

for (const opening of ["(", "!", "!("]) {
  test(`parseCondition() refuses more than 50 levels of ${opening}`, () => {
    for (const count of [51, 100_000]) {
      assert.throws(() => parseCondition(opening.repeat(count) + "header(a)"), {
        message: "is no condition: column 52: nested too deeply; accepted: 50 levels",
      });
    }
  });
}

const LONG: [what: string, text: string][] = [
  ["a word for a subject", "x".repeat(100_000)],
  ["a word for an operator", `host ${"x".repeat(100_000)}`],
  ["a value", `host == ${"/".repeat(100_000)}`],
  ["a regular expression", `path ~ ${"(".repeat(100_000)}`],
  ["a list that never ends", `host in ${"[".repeat(100_000)}`],
  ["quotes", `host == ${"'".repeat(100_001)}`],
];
for (const [what, text] of LONG) {
  test(`parseCondition() refuses ${what} of great length in a short message, in no long time`, () => {
    const started = performance.now();
    assert.throws(() => parseCondition(text), ({ message }: Error) => {
      assert.ok(message.length < 500);
      return true;
    });
    assert.ok(performance.now() - started < 500);
  });
}

test("parseConfig() says where in the file a condition is wrong", () => {
  const text = (rule: string) =>
    `[[frontends]]\nbind = ":80"\n[[frontends.rules]]\nbackend = "a"\n${rule}\n[backends.a]\nservers = ["http://a"]\n`;
  assert.deepEqual(refusals(text('if = "host == a && hots == b"')), [
    `c:5:20: frontends[0].rules[0].if: is no condition: column 14: unknown name "hots"; accepted: ${SUBJECTS}; did you mean "host"?`,
  ]);
  // Escapes move what follows; then the start of the value has to do.
  assert.match(
    refusals(text('if = "header(a) == \\"b\\" && x"'))[0]!,
    /^c:5:6: .*column 21: unknown name "x"/,
  );
  assert.match(
    refusals(text("if = 5"))[0]!,
    /^c:5:6: frontends\[0\]\.rules\[0\]\.if: is 5; accepted: a condition/,
  );
});
