import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clientBehind,
  forwardedEntries,
  forwardedForEntries,
  toForwardedNode,
  toForwardedValue,
} from "../../../src/http/forwarded.ts";
import { IpSet, parseIpBlock } from "../../../src/http/ip.ts";

const entries: [value: string, entries: string[] | undefined][] = [
  ["", []],
  ["for=192.0.2.1", ["192.0.2.1"]],
  ["For=192.0.2.1", ["192.0.2.1"]],
  ["FOR=_Hidden", ["_Hidden"]],
  ["for=unknown", ["unknown"]],
  ['for="[2001:db8::1]:4711"', ["[2001:db8::1]:4711"]],
  ['for="192.0.2.1:80"', ["192.0.2.1:80"]],
  ["for=192.0.2.1, for=198.51.100.1", ["192.0.2.1", "198.51.100.1"]],
  ["for=192.0.2.1,for=198.51.100.1", ["192.0.2.1", "198.51.100.1"]],
  ["for=192.0.2.1;proto=https;by=203.0.113.1;host=a.example", ["192.0.2.1"]],
  ["proto=https;for=192.0.2.1", ["192.0.2.1"]],
  ["proto=https", [""]],
  ["for=a, proto=https, for=b", ["a", "", "b"]],
  // Empty list members and empty pairs do not count (RFC 9110 §5.6.1, RFC 7239 §4).
  [", ,for=a, ,for=b,", ["a", "b"]],
  [";for=a;;proto=https;", ["a"]],
  [" \tfor=a ; proto=https , \tfor=b\t", ["a", "b"]],
  ['for="a,b"', ["a,b"]],
  ['for="a;for=b"', ["a;for=b"]],
  ['for="a\\"b"', ['a"b']],
  ['for="a\\\\"', ["a\\"]],
  ['for="\\a\\b"', ["ab"]],
  ['for=""', [""]],
  ['x="for=evil";for=a', ["a"]],
  ['x=", for=evil, ";for=a', ["a"]],
  ["secret=x;for=a", ["a"]],
  // Another name each.
  ["xfor=a", [""]],
  ["for-x=a", [""]],
  // Broken.
  ['for="a', undefined],
  ['for="a\\"', undefined],
  ['for=a"b"', undefined],
  ['for="a"b', undefined],
  ['for="a""b"', undefined],
  ["for=a for=b", undefined],
  ["for=a b", undefined],
  ["for =a", undefined],
  ["for= a", undefined],
  ["for", undefined],
  ["for;proto=https", undefined],
  ["=a", undefined],
  ["192.0.2.1", undefined],
  ["for=a;for=b", undefined],
  ["for=a;For=b", undefined],
  ["for=a;proto=http;PROTO=https", undefined],
  ["f(r=a", undefined],
  ["for=a, for=b;for=c", undefined],
  ['for="a, for=b', undefined],
  ["for=a=b", ["a=b"]],
];
for (const [value, found] of entries) {
  test(`forwardedEntries() of ${value || "nothing"} is ${JSON.stringify(found) ?? "nothing to believe"}`, () =>
    assert.deepEqual(forwardedEntries(value), found));
}

const lists: [value: string, entries: string[]][] = [
  ["", [""]],
  ["a", ["a"]],
  ["a,b", ["a", "b"]],
  [" a\t, b ", ["a", "b"]],
  ["a,,b,", ["a", "", "b", ""]],
  ["\u00a0a", ["\u00a0a"]],
];
for (const [value, found] of lists) {
  test(`forwardedForEntries() of ${JSON.stringify(value)}`, () =>
    assert.deepEqual(forwardedForEntries(value), found));
}

const TRUSTED = new IpSet(["10.0.0.0/8", "2001:db8::/32"].map((text) => parseIpBlock(text)!));
const chains: [chain: string[], client: string, why: string][] = [
  [[], "10.0.0.1", "nothing was reported"],
  [["192.0.2.1"], "192.0.2.1", "one address was reported"],
  [["1.1.1.1", "192.0.2.1"], "192.0.2.1", "the left is made up"],
  [["1.1.1.1", "192.0.2.1", "10.0.0.9"], "192.0.2.1", "a second proxy is trusted"],
  [["1.1.1.1", "10.0.0.7", "192.0.2.1", "10.0.0.9"], "192.0.2.1", "a trusted address is made up"],
  [["10.0.0.7", "10.0.0.8"], "10.0.0.7", "all are trusted"],
  [["192.0.2.1:4711"], "192.0.2.1", "a port stands behind IPv4"],
  [["192.0.2.1:_obf"], "192.0.2.1", "an obfuscated port stands behind it"],
  [["[2001:db9::1]:4711"], "2001:db9::1", "a port stands behind IPv6"],
  [["[2001:DB9::A]"], "2001:db9::a", "IPv6 stands in brackets"],
  [["2001:db9::1"], "2001:db9::1", "IPv6 stands without brackets"],
  [["192.0.2.1", "2001:db8::1"], "192.0.2.1", "the second proxy is trusted by IPv6"],
  [["192.0.2.1", "[2001:db8::1]:80"], "192.0.2.1", "the second proxy is trusted by IPv6 with a port"],
  [["::ffff:192.0.2.1"], "192.0.2.1", "IPv4 is mapped"],
  [["[::FFFF:192.0.2.1]:80"], "192.0.2.1", "IPv4 is mapped in brackets"],
  [["192.0.2.1", "::ffff:10.0.0.9"], "192.0.2.1", "the second proxy is trusted by mapped IPv4"],
  [["192.0.2.1", "::ffff:a00:9"], "192.0.2.1", "the second proxy is trusted by mapped IPv4 in hexadecimal"],
  // What is no address ends the walk at the last hop that can be vouched for.
  [["1.1.1.1", "unknown"], "10.0.0.1", "the last entry is unknown"],
  [["1.1.1.1", "_hidden", "10.0.0.9"], "10.0.0.9", "an entry is hidden"],
  [["1.1.1.1", ""], "10.0.0.1", "the last entry is empty"],
  [["1.1.1.1", "10.0.0.256"], "10.0.0.1", "a part is out of range"],
  [["1.1.1.1", "010.0.0.9"], "10.0.0.1", "a part has a leading zero"],
  [["1.1.1.1", "192.0.2.1:"], "10.0.0.1", "the port is empty"],
  [["1.1.1.1", "192.0.2.1:80:80"], "10.0.0.1", "there are two ports"],
  [["1.1.1.1", "[192.0.2.1]"], "192.0.2.1", "IPv4 stands in brackets"],
  [["1.1.1.1", "[2001:db9::1"], "10.0.0.1", "a bracket is not closed"],
  [["1.1.1.1", "[2001:db9::1]x"], "10.0.0.1", "text stands behind the bracket"],
  [["1.1.1.1", "192.0.2.1/32"], "10.0.0.1", "the entry is a block"],
  [["1.1.1.1", '"192.0.2.1"'], "10.0.0.1", "the entry is quoted"],
  [["1.1.1.1", "192.0.2.1 10.0.0.9"], "10.0.0.1", "two addresses stand in one entry"],
  [["1.1.1.1", "a.example"], "10.0.0.1", "the entry is a name"],
];
for (const [chain, client, why] of chains) {
  test(`clientBehind() is ${client} where ${why}`, () =>
    assert.equal(clientBehind("10.0.0.1", chain, TRUSTED), client));
}

const nodes: [address: string, node: string][] = [
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8::1", '"[2001:db8::1]"'],
  ["", "unknown"],
  ["unknown", "unknown"],
  ["a;for=b", "unknown"],
];
for (const [address, node] of nodes) {
  test(`toForwardedNode() of "${address}" is ${node}`, () => assert.equal(toForwardedNode(address), node));
}

const values: [text: string, value: string][] = [
  ["https", "https"],
  ["a.example", "a.example"],
  ["a.example:80", '"a.example:80"'],
  ["[::1]", '"[::1]"'],
  ["", '""'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ["a, for=b", '"a, for=b"'],
];
for (const [text, value] of values) {
  test(`toForwardedValue() of ${JSON.stringify(text)} is read back`, () => {
    assert.equal(toForwardedValue(text), value);
    assert.deepEqual(forwardedEntries(`host=${value};for=a`), ["a"]);
    assert.deepEqual(forwardedEntries(`for=${value}`), [text]);
  });
}

/** Values of about `length` characters that have brought parsers down. */
const HOSTILE: [what: string, value: (length: number) => string][] = [
  ["an unterminated quote", (length) => `for="${"a".repeat(length)}`],
  ["an unterminated quote of escapes", (length) => `for="${'\\"'.repeat(length / 2)}`],
  ["a quote of backslashes", (length) => `for="${"\\".repeat(length)}"`],
  ["many unterminated quotes", (length) => 'a="'.repeat(length / 3)],
  ["commas", (length) => ",".repeat(length)],
  ["semicolons", (length) => ";".repeat(length)],
  ["blanks", (length) => " ".repeat(length) + "x"],
  ["a long name", (length) => "a".repeat(length)],
  ["a long value", (length) => `for=${"a".repeat(length)}`],
  ["many elements", (length) => "for=a,".repeat(length / 6)],
  [
    "one element with many parameters",
    (length) =>
      Array.from({ length: length / 7 }, (_, i) => `p${i.toString(36).padStart(4, "0")}=;`).join(""),
  ],
];
for (const [what, value] of HOSTILE) {
  test(`forwardedEntries() takes linear time for ${what}`, () => {
    const short = value(10_000);
    const long = value(80_000);
    forwardedEntries(short);
    const fast = fastest(() => forwardedEntries(short));
    // Eight times as much may take eight times as long; twice that and 20 ms are for the machine.
    assert.ok(fastest(() => forwardedEntries(long)) < 16 * fast + 20);
  });
}

test("clientBehind() takes linear time for long chains and entries", () => {
  const started = performance.now();
  clientBehind("10.0.0.1", forwardedForEntries("10.0.0.1,".repeat(30_000)), TRUSTED);
  for (const character of ["1", ".", "[", ":", "a", "[:", "1."]) {
    clientBehind("10.0.0.1", [character.repeat(100_000)], TRUSTED);
  }
  assert.ok(performance.now() - started < 500);
});

function fastest(act: () => void): number {
  let best = Infinity;
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    act();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}
