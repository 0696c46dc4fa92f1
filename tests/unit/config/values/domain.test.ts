import assert from "node:assert/strict";
import { test } from "node:test";
import { DOMAIN_FORM, parseDomain } from "../../../../src/config/values/domain.ts";

const accepted: [text: string, kind: "exact" | "below", host: string][] = [
  ["example.com", "below", "example.com"],
  ["Example.COM.", "below", "example.com"],
  ["  example.com\t", "below", "example.com"],
  ["*.example.com", "below", "example.com"],
  ["*. example.com", "below", "example.com"],
  [".example.com", "below", "example.com"],
  ["suffix:example.com", "below", "example.com"],
  ["suffix:.example.com", "below", "example.com"],
  ["Suffix: .Example.com", "below", "example.com"],
  ["domain:example.com", "exact", "example.com"],
  ["DOMAIN:  example.com.", "exact", "example.com"],
  ["localhost", "below", "localhost"],
  ["my_host", "below", "my_host"],
];
for (const [text, kind, host] of accepted) {
  test(`parseDomain() reads ${JSON.stringify(text)}`, () =>
    assert.deepEqual(parseDomain(text), { kind, host }));
}

const sameAddress: string[][] = [
  ["::1", "[::1]", "0:0::1", "[0000::1]", "domain:[::1]", "::1/128", "[::1]/128"],
  ["10.1.2.3", "10.1.2.3.", "domain:10.1.2.3", "10.1.2.3/32", "::ffff:10.1.2.3", "[::ffff:a01:203]"],
];
for (const [first, ...others] of sameAddress) {
  test(`parseDomain() reads ${others.join(", ")} as ${first}`, () => {
    for (const other of others) assert.deepEqual(parseDomain(other), parseDomain(first!));
  });
}

const refused = [
  "",
  " ",
  ".",
  "..",
  "*",
  "*.",
  "domain:",
  "domain: ",
  "domain:.",
  "domain:.example.com",
  "domain:*.example.com",
  "suffix:",
  "suffix:.",
  "suffix: . ",
  "suffix:*.example.com",
  "..example.com",
  "a..b",
  "a.*.b",
  "-a.test",
  "a b",
  "a,b",
  "1.2.3",
  "1.2.3.4.5",
  "256.1.1.1",
  "10.0.0.0/33",
  "::1/129",
  "::ffff:10.0.0.0/8",
  "fe80::1%eth0",
  "[::1",
  "[10.0.0.1]",
  "[example.com]",
  "[::1]:443",
  "regex:a",
  "x".repeat(64),
];
for (const text of refused) {
  test(`parseDomain() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseDomain(text), { name: "RangeError", message: /; accepted: / });
  });
}

const suggested: [text: string, suggestion: string][] = [
  ["example.com:443", "example.com"],
  ["https://example.com/path", "example.com"],
  ["domain:http://example.com", "domain:example.com"],
  ["sufix:example.com", "suffix:example.com"],
  ["domains: example.com", "domain:example.com"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["*.bücher.example", "*.xn--bcher-kva.example"],
];
for (const [text, suggestion] of suggested) {
  test(`parseDomain() suggests ${suggestion} for ${text}`, () => {
    const message = `is "${text}"; accepted: ${DOMAIN_FORM}; did you mean "${suggestion}"?`;
    assert.throws(() => parseDomain(text), { message });
  });
}
