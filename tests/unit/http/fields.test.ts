import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { fieldName, ROLE, type Role } from "../../../src/http/field-name.ts";
import { listMembers } from "../../../src/http/list.ts";
import { Fields } from "../../../src/http/fields.ts";
import { HeadReader } from "../../../src/http1/head-reader.ts";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { namesOf, valuesOf } from "../../support/fields.ts";

function fieldsOf(...lines: [name: string, value: string][]): Fields {
  const fields = new Fields();
  for (const [name, value] of lines) fields.append(name, value);
  return fields;
}

const names: [name: string, role: Role, hopByHop: boolean][] = [
  ["Host", ROLE.host, false],
  ["CONTENT-LENGTH", ROLE.contentLength, false],
  ["Transfer-Encoding", ROLE.transferEncoding, true],
  ["connection", ROLE.connection, true],
  ["Expect", ROLE.expect, false],
  ["Upgrade", ROLE.upgrade, true],
  ["X-Forwarded-For", ROLE.forwardedFor, false],
  ["X-Forwarded-Proto", ROLE.forwardedProto, false],
  ["X-Forwarded-Host", ROLE.forwardedHost, false],
  ["X-Forwarded-Prefix", ROLE.forwardedOther, false],
  ["Forwarded", ROLE.forwarded, false],
  ["X-Real-IP", ROLE.realIp, false],
  ["X-Request-Id", ROLE.requestId, false],
  ["Via", ROLE.via, false],
  ["X_Forwarded_For", ROLE.none, false],
  ["Remote.User", ROLE.none, false],
  ["Date", ROLE.date, false],
  ["Keep-Alive", ROLE.keepAlive, true],
  ["Proxy-Connection", ROLE.none, true],
  ["Proxy-Authenticate", ROLE.none, true],
  ["Proxy-Authorization", ROLE.none, true],
  ["TE", ROLE.te, true],
  ["Trailer", ROLE.trailer, false],
  ["X-Any", ROLE.none, false],
  ["constructor", ROLE.none, false],
  ["__proto__", ROLE.none, false],
];
for (const [name, role, hopByHop] of names) {
  test(`fieldName() knows ${name} in any case`, () => {
    const lower = name.toLowerCase();
    for (const spelling of [name, lower, name.toUpperCase()]) {
      const { bits: _, ...known } = fieldName(spelling);
      assert.deepEqual(known, { lower, role, hopByHop, alias: /[^a-z-]/.test(lower) });
    }
  });
}

test("fieldName() still knows every name after more spellings than it remembers", () => {
  for (let i = 0; i < 4000; i++) assert.equal(fieldName(`X-Spelling-${i}`).lower, `x-spelling-${i}`);
  assert.equal(fieldName("hOsT").role, ROLE.host);
  assert.equal(fieldName("X-" + "y".repeat(100)).lower.length, 102);
});

test("Fields.append() keeps order, case and repetitions", () => {
  const fields = fieldsOf(["b", "1"], ["A", "2"], ["B", "3"], ["a", ""]);
  assert.equal(fields.size, 4);
  assert.deepEqual(namesOf(fields), ["b", "A", "B", "a"]);
  assert.deepEqual(valuesOf(fields), ["1", "2", "3", ""]);
  assert.deepEqual(fields.kinds.map((kind) => kind.lower), ["b", "a", "b", "a"]);
});

test("Fields.get() joins repeated lines with a comma, in order (RFC 9110 §5.3)", () => {
  const fields = fieldsOf(["Accept", "a"], ["X", "x"], ["ACCEPT", ""], ["accept", "b"]);
  assert.equal(fields.get("accept"), "a, , b");
  assert.equal(fields.get("x"), "x");
  assert.equal(fields.get("y"), undefined);
});

test("Fields.has() finds a line in any case, also an empty one", () => {
  const fields = fieldsOf(["X-Empty", ""]);
  assert.equal(fields.has("x-empty"), true);
  assert.equal(fields.has("x"), false);
});

const removals: [unwanted: string, left: string[]][] = [
  ["a", ["b", "c"]],
  ["b", ["a", "A", "c"]],
  ["c", ["a", "b", "A"]],
  ["d", ["a", "b", "A", "c"]],
];
for (const [unwanted, left] of removals) {
  test(`Fields.removeWhere() leaves the others in order without ${unwanted}`, () => {
    const fields = fieldsOf(["a", "1"], ["b", "2"], ["A", "3"], ["c", "4"]);
    fields.removeWhere((kind) => kind.lower === unwanted);
    assert.deepEqual(namesOf(fields), left);
    assert.equal(valuesOf(fields).length, left.length);
    assert.deepEqual(fields.kinds.map((kind) => kind.lower), left.map((name) => name.toLowerCase()));
  });
}

test("Fields.removeWhere() can remove all", () => {
  const fields = fieldsOf(["a", "1"], ["b", "2"]);
  fields.removeWhere(() => true);
  assert.equal(fields.size, 0);
  assert.equal(fields.get("a"), undefined);
});

test("Fields.toHeaders() joins cookies by a semicolon and other lines by a comma", () => {
  const headers = fieldsOf(["Cookie", "a=1"], ["X", "1"], ["cookie", "b=2"], ["x", "\xe9"]).toHeaders();
  assert.equal(headers.get("cookie"), "a=1; b=2");
  assert.equal(headers.get("x"), "1, \xe9");
});

test("Fields.toHeaders() keeps each Set-Cookie apart", () => {
  const headers = fieldsOf(["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]).toHeaders();
  assert.deepEqual(headers.getSetCookie(), ["a=1", "b=2"]);
});

test("Fields.from() makes a line of each Set-Cookie", () => {
  const headers = new Headers([["set-cookie", "a=1"], ["x-b", "2"], ["set-cookie", "b=2"]]);
  const fields = Fields.from(headers);
  assert.equal(fields.size, 3);
  assert.deepEqual(valuesOf(fields).filter((_, i) => fields.kinds[i]!.lower === "set-cookie"), [
    "a=1",
    "b=2",
  ]);
  assert.equal(fields.get("x-b"), "2");
});

const lists: [value: string, members: string[]][] = [
  ["", []],
  ["close", ["close"]],
  ["Close, Keep-Alive", ["close", "keep-alive"]],
  [" , a ,\t,B\t", ["a", "b"]],
  [",,", []],
  ["close\xa0, \xa0x\t", ["close\xa0", "\xa0x"]],
];
for (const [value, members] of lists) {
  test(`listMembers() reads ${JSON.stringify(value)} (RFC 9110 §5.6.1)`, () =>
    assert.deepEqual(listMembers(value), members));
}

test("Fields knows what it does not hold", () => {
  const fields = new Fields();
  fields.append("Host", "a");
  const known = () => [
    fields.mayHave(ROLE.host),
    fields.mayHave(ROLE.connection),
    fields.mayHaveHopByHop,
    fields.mayHaveAlias,
  ];
  assert.deepEqual(known(), [true, false, false, false]);
  fields.append("CONNECTION", "close");
  assert.deepEqual(known(), [true, true, true, false]);
  fields.append("X_a", "1");
  assert.deepEqual(known(), [true, true, true, true]);
});

/** Fields that stand in bytes. */
function received(text: string): Fields {
  const reader = new HeadReader({
    limits: DEFAULT_LIMITS,
    blame: "bad_request",
    tooLarge: "headers_too_large",
    startLineTooLong: "target_too_long",
    hasStartLine: true,
  });
  reader.push(Buffer.from("GET / HTTP/1.1\r\n" + text + "\r\n", "latin1"), 0);
  return reader.fields();
}

test("Fields tell a received line as one that was added", () => {
  const fields = received("hOST: a\r\nX:\t1 2\t \r\nEmpty: \r\nX:\xe9\r\n");
  fields.append("x", "added");
  assert.deepEqual(namesOf(fields), ["hOST", "X", "Empty", "X", "x"]);
  assert.deepEqual(valuesOf(fields), ["a", "1 2", "", "\xe9", "added"]);
  assert.deepEqual(fields.kinds.map(({ lower }) => lower), ["host", "x", "empty", "x", "x"]);
  assert.equal(fields.get("x"), "1 2, \xe9, added");
  assert.equal(fields.mayHave(ROLE.host), true);
  assert.equal(fields.lineOf(ROLE.host), 0);
  assert.equal(fields.lineOf(ROLE.date), -1);
});

test("Fields.setValue() changes a received line and an added one, whatever was asked or removed before", () => {
  const fields = received("A: 1\r\nB: 2\r\nC: 3\r\n");
  fields.append("D", "4");
  assert.deepEqual(valuesOf(fields), ["1", "2", "3", "4"]);
  fields.setValue(1, "two");
  fields.setValue(3, "four");
  fields.removeWhere(({ lower }) => lower === "a");
  assert.deepEqual(valuesOf(fields), ["two", "3", "four"]);
  fields.setValue(0, "again");
  assert.deepEqual(namesOf(fields), ["B", "C", "D"]);
  assert.deepEqual(valuesOf(fields), ["again", "3", "four"]);
});

test("Fields.numberOf() reads digits alone, and not more of them than a number holds", () => {
  const values = ["0", "007", "999999999999999", "1000000000000000", "", "1 2", "-1", "1e3", "1."];
  const expected = [0, 7, 999_999_999_999_999, -1, -1, -1, -1, -1, -1];
  const fields = received(values.map((value) => `A: ${value}\r\n`).join(""));
  assert.deepEqual(values.map((_, line) => fields.numberOf(line)), expected);
  for (const value of values) fields.append("A", value);
  assert.deepEqual(values.map((_, line) => fields.numberOf(values.length + line)), expected);
});

test("Fields.connection joins the lines, in any case, as they are now", () => {
  const fields = new Fields();
  assert.equal(fields.connection, undefined);
  fields.append("Connection", "a");
  assert.equal(fields.connection, "a");
  fields.append("X", "x");
  fields.append("CONNECTION", "b, c");
  assert.equal(fields.connection, "a, b, c");
  fields.setValue(0, "d");
  assert.equal(fields.connection, "d, b, c");
  fields.removeWhere(({ role }) => role === ROLE.connection);
  assert.equal(fields.connection, undefined);
});

test("Fields.valueBegins() compares in any case, and not beyond the value", () => {
  const fields = received("A: Text/HTML;x\r\nB:text\r\n");
  fields.append("C", "TEXT/html");
  assert.deepEqual([0, 1, 2].map((line) => fields.valueBegins(line, "text/")), [true, false, true]);
  assert.equal(fields.valueBegins(1, "text"), true);
});
