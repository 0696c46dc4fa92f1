import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CLASS,
  consistsOf,
  DIGIT,
  HEX,
  HOST_NAME,
  isToken,
  TARGET,
  TOKEN,
  VALUE,
} from "../../../src/http/chars.ts";

/** Every byte that has the flag, as one latin1 text. */
function bytesWith(flag: number): string {
  let text = "";
  for (let code = 0; code < 256; code++) {
    if ((CLASS[code]! & flag) !== 0) text += String.fromCharCode(code);
  }
  return text;
}

function range(from: number, to: number): string {
  return String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, i) => from + i));
}

const obsText = range(0x80, 0xff);
const visible = range(0x21, 0x7e);
const tchar = "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~";
const unreserved = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
const classes: [name: string, flag: number, bytes: string, section: string][] = [
  ["TOKEN", TOKEN, tchar, "RFC 9110 §5.6.2"],
  ["VALUE", VALUE, "\t " + visible + obsText, "RFC 9110 §5.5"],
  ["TARGET", TARGET, visible.replace("#", "") + obsText, "RFC 9112 §3.2"],
  ["HOST_NAME", HOST_NAME, unreserved, "RFC 3986 §2.3"],
  ["HEX", HEX, "0123456789ABCDEFabcdef", "RFC 5234 §B.1"],
  ["DIGIT", DIGIT, "0123456789", "RFC 5234 §B.1"],
];
for (const [name, flag, bytes, section] of classes) {
  test(`CLASS marks exactly the bytes of ${name} (${section})`, () => assert.equal(bytesWith(flag), bytes));
}

const texts: [text: string, flag: number, consists: boolean, what: string][] = [
  ["", TOKEN, false, "the empty string"],
  ["abc", TOKEN, true, "a token"],
  ["a c", TOKEN, false, "a blank in a token"],
  ["123", DIGIT, true, "digits"],
  ["12a", DIGIT, false, "a letter among digits"],
  ["\uff11", DIGIT, false, "a digit beyond latin1"],
  ["a\u0161", TOKEN, false, "a character whose low byte would do"],
];
for (const [text, flag, consists, what] of texts) {
  test(`consistsOf() says ${consists} of ${what}`, () => assert.equal(consistsOf(text, flag), consists));
}

test("isToken() accepts every tchar and nothing empty", () => {
  assert.equal(isToken(tchar), true);
  assert.equal(isToken(""), false);
  assert.equal(isToken("a:"), false);
});
