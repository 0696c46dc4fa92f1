import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields } from "../../../src/http/fields.ts";
import {
  checkConnection,
  hasConnectionOption,
  nominatedNames,
  takesTrailers,
} from "../../../src/http/hop-by-hop.ts";

const nominations: [connection: string | undefined, names: string[] | undefined][] = [
  [undefined, undefined],
  ["close", undefined],
  ["keep-alive", undefined],
  ["Upgrade", undefined],
  ["", undefined],
  [",", undefined],
  ["X-Secret", ["x-secret"]],
  ["close, X-A, x-b", ["close", "x-a", "x-b"]],
  ["Keep-Alive, TE", ["keep-alive", "te"]],
  ["X-A, X-A", ["x-a"]],
];
for (const [connection, names] of nominations) {
  test(`nominatedNames() of ${JSON.stringify(connection)} (RFC 9110 §7.6.1)`, () => {
    const found = nominatedNames(connection);
    assert.deepEqual(found && [...found], names);
  });
}

const protectedNames = [
  "Host",
  "Authorization",
  "Cookie",
  "Set-Cookie",
  "Forwarded",
  "Via",
  "Date",
  "Content-Length",
  "Content-Type",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Real-IP",
];
for (const name of protectedNames) {
  test(`nominatedNames() never takes ${name}`, () => {
    assert.equal(nominatedNames(name), undefined);
    assert.deepEqual([...nominatedNames(`X-A, ${name.toUpperCase()}, close`)!], ["x-a", "close"]);
  });
}

const options: [connection: string | undefined, option: string, has: boolean][] = [
  [undefined, "close", false],
  ["close", "close", true],
  ["CLOSE", "close", true],
  ["keep-alive", "close", false],
  ["keep-alive, Close", "close", true],
  ["keep-alive,\tclose ,", "close", true],
  ["x-close", "close", false],
  ["close-not", "close", false],
  ["", "close", false],
  ["\xa0close", "close", false],
];
for (const [connection, option, has] of options) {
  test(`hasConnectionOption() says ${has} of ${option} in ${JSON.stringify(connection)}`, () =>
    assert.equal(hasConnectionOption(connection, option), has));
}

const lists: [what: string, lines: string[], refused: boolean][] = [
  ["128 options", [Array(128).fill("a").join(",")], false],
  ["129 options", [Array(129).fill("a").join(",")], true],
  ["129 empty options", [",".repeat(128)], true],
  ["129 options in two lines", [Array(64).fill("a").join(), Array(65).fill("b").join()], true],
  ["a long option", ["a".repeat(30_000)], false],
  ["nothing", [], false],
];
for (const [what, lines, refused] of lists) {
  test(`checkConnection() ${refused ? "refuses" : "accepts"} ${what} (RFC 9110 §5.6.1.2)`, () => {
    const fields = new Fields();
    for (const line of lines) fields.append("Connection", line);
    const check = () => checkConnection(fields, "upstream_invalid");
    if (refused) assert.throws(check, { kind: "upstream_invalid" });
    else check();
  });
}

test("takesTrailers() takes linear time for long values", () => {
  const started = performance.now();
  for (const value of [",", " ", "\t", ", ", "trailers ", ",trailers;", "a,"]) {
    takesTrailers(value.repeat(100_000));
  }
  assert.ok(performance.now() - started < 500);
});
