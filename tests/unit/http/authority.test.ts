import assert from "node:assert/strict";
import { test } from "node:test";
import { hostForMatching, isAuthority, readAuthority, splitAuthority } from "../../../src/http/authority.ts";

const accepted: [text: string, host: string, port: number | undefined][] = [
  ["a", "a", undefined],
  ["example.com", "example.com", undefined],
  ["example.com.", "example.com.", undefined],
  ["EXAMPLE.com:8080", "EXAMPLE.com", 8080],
  ["under_score-1~x", "under_score-1~x", undefined],
  ["127.0.0.1:0", "127.0.0.1", 0],
  ["a:65535", "a", 65535],
  ["a:00080", "a", 80],
  ["[::1]", "::1", undefined],
  ["[::1]:443", "::1", 443],
  ["[2001:DB8::a]:1", "2001:DB8::a", 1],
  ["[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80],
  ["x".repeat(255), "x".repeat(255), undefined],
  ["x".repeat(255) + ":65535", "x".repeat(255), 65535],
];
for (const [text, host, port] of accepted) {
  test(`isAuthority() accepts ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.equal(isAuthority(text), true);
    assert.equal(isAuthority(text), true); // the second answer comes from memory
  });
  test(`splitAuthority() takes ${JSON.stringify(text.slice(0, 40))} apart`, () =>
    assert.deepEqual(splitAuthority(text), { host, port }));
}

const refused: [text: string, why: string][] = [
  ["", "nothing"],
  [":80", "a port alone"],
  ["a:", "an empty port"],
  ["a:65536", "a port out of range"],
  ["a:000080", "a port of six digits"],
  ["a:+80", "a sign"],
  ["a:8 0", "a blank in the port"],
  ["a:0x50", "a hexadecimal port"],
  ["a:80:80", "two ports"],
  ["a, b", "a list"],
  ["a,b", "a comma"],
  ["a b", "a blank"],
  ["a\tb", "a tab"],
  [" a", "a leading blank"],
  ["user@a", "user information"],
  ["user:secret@a", "user information with a password"],
  ["a/evil", "a path"],
  ["a?x", "a query"],
  ["a#x", "a fragment"],
  ["a\\b", "a backslash"],
  ["a%41", "an escape"],
  ["a%00", "an escaped NUL"],
  ["a!b", "a sub-delimiter"],
  ["a;b", "a semicolon"],
  ["a=b", "an equals sign"],
  ["a*b", "an asterisk"],
  ["<a>", "angle brackets"],
  ['"a"', "quotes"],
  ["a\0", "a NUL"],
  ["a\x7f", "a DEL"],
  ["\xe9", "a latin1 letter"],
  ["\u212a", "a letter beyond latin1"],
  ["::1", "IPv6 without brackets"],
  ["[::1", "a bracket that is not closed"],
  ["::1]", "a bracket that is not opened"],
  ["[]", "empty brackets"],
  ["[]:80", "empty brackets with a port"],
  ["[a]", "a name in brackets"],
  ["[127.0.0.1]", "IPv4 in brackets"],
  ["[::1%eth0]", "a zone"],
  ["[::1%25eth0]", "an escaped zone"],
  ["[v1.x]", "an IP of the future"],
  ["[::1]]", "a bracket too many"],
  ["[[::1]]", "brackets in brackets"],
  ["[::1]x", "text behind the bracket"],
  ["[::1]80", "a port without a colon"],
  ["[::1]:", "an empty port behind the bracket"],
  ["x[::1]", "text before the bracket"],
  ["[1:2:3:4:5:6:7:8:9]", "nine groups"],
  ["[:::1]", "three colons"],
  ["[12345::]", "a group of five digits"],
  ["x".repeat(256), "a name of 256 characters"],
];
for (const [text, why] of refused) {
  test(`isAuthority() refuses ${why}`, () => assert.equal(isAuthority(text), false));
}

for (
  const [text, read] of [
    ["a:", "a"],
    ["[::1]:", "[::1]"],
    ["a:80", "a:80"],
    ["a", "a"],
    ["a::", undefined],
    ["a:80:", undefined],
    [":", undefined],
    ["", undefined],
    ["u@a:", undefined],
    ["::1:", undefined],
  ] as const
) {
  test(`readAuthority() reads ${JSON.stringify(text)} as ${read} (RFC 3986 §3.2.3)`, () =>
    assert.equal(readAuthority(text), read));
}

test("isAuthority() answers the same after more authorities than it remembers", () => {
  for (let i = 0; i < 3000; i++) assert.equal(isAuthority(`host-${i}.example:80`), true);
  for (let i = 0; i < 3000; i++) assert.equal(isAuthority(`host-${i}.example:80x`), false);
  assert.equal(isAuthority("host-0.example:80"), true);
});

const matching: [authority: string, host: string][] = [
  ["EXAMPLE.com", "example.com"],
  ["Example.COM.:8080", "example.com"],
  ["[2001:DB8::A]:443", "[2001:db8::a]"],
  ["[0:0::0:1]", "[::1]"],
  ["[2001:DB8::200:5efe:10.0.0.1]:80", "[2001:db8::200:5efe:a00:1]"],
  [".", "."],
  ["a..", "a."],
  ["127.0.0.1:80", "127.0.0.1"],
];
for (const [authority, host] of matching) {
  test(`hostForMatching() reads ${authority} as ${host}`, () =>
    assert.equal(hostForMatching(authority), host));
}
