import assert from "node:assert/strict";
import { test } from "node:test";
import { isPublic } from "../../../src/relay/private-addresses.ts";

/** First and last address of every block, and the nearest public ones around it; none where another block begins. */
const blocks: [block: string, inside: string[], around: string[]][] = [
  ["0.0.0.0/8", ["0.0.0.0", "0.255.255.255"], ["1.0.0.0"]],
  ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]],
  ["100.64.0.0/10", ["100.64.0.0", "100.127.255.255"], ["100.63.255.255", "100.128.0.0"]],
  ["127.0.0.0/8", ["127.0.0.0", "127.0.0.1", "127.255.255.255"], ["126.255.255.255", "128.0.0.0"]],
  ["169.254.0.0/16", ["169.254.0.0", "169.254.169.254", "169.254.255.255"], [
    "169.253.255.255",
    "169.255.0.0",
  ]],
  ["172.16.0.0/12", ["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]],
  ["192.0.0.0/24", ["192.0.0.0", "192.0.0.9", "192.0.0.170", "192.0.0.255"], [
    "191.255.255.255",
    "192.0.1.0",
  ]],
  ["192.0.2.0/24", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]],
  ["192.88.99.0/24", ["192.88.99.0", "192.88.99.255"], ["192.88.98.255", "192.88.100.0"]],
  ["192.168.0.0/16", ["192.168.0.0", "192.168.255.255"], ["192.167.255.255", "192.169.0.0"]],
  ["198.18.0.0/15", ["198.18.0.0", "198.19.255.255"], ["198.17.255.255", "198.20.0.0"]],
  ["198.51.100.0/24", ["198.51.100.0", "198.51.100.255"], ["198.51.99.255", "198.51.101.0"]],
  ["203.0.113.0/24", ["203.0.113.0", "203.0.113.255"], ["203.0.112.255", "203.0.114.0"]],
  ["224.0.0.0/4", ["224.0.0.0", "239.255.255.255"], ["223.255.255.255"]],
  ["240.0.0.0/4", ["240.0.0.0", "255.255.255.254", "255.255.255.255"], []],
  ["::/128", ["::", "0:0:0:0:0:0:0:0"], []],
  ["::1/128", ["::1", "0000::0001"], []],
  ["::/96, once IPv4-compatible", ["::127.0.0.1", "::8.8.8.8", "::808:808"], []],
  ["64:ff9b:1::/48", ["64:ff9b:1::", "64:ff9b:1::808:808", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"], []],
  ["100::/64", ["100::", "100::ffff:ffff:ffff:ffff", "100:0:0:1::1"], []],
  ["2001::/23", ["2001::", "2001:0:4136:e378::1", "2001:1::1", "2001:20::1", "2001:1ff:ffff::"], [
    "2000:ffff::1",
    "2001:200::",
  ]],
  ["2001:db8::/32", ["2001:db8::", "2001:db8:ffff:ffff::1"], ["2001:db7:ffff::1", "2001:db9::"]],
  ["3fff::/20", ["3fff::", "3fff:fff:ffff::1"], ["3ffe:ffff::1", "3fff:1000::"]],
  ["5f00::/16", ["5f00::", "5f00:ffff::1"], []],
  ["fc00::/7", ["fc00::", "fd00:ec2::254", "fdff:ffff::1"], []],
  ["fe80::/10", ["fe80::", "fe80::1", "febf:ffff::1"], []],
  ["fec0::/10, once site-local", ["fec0::1", "feff::1"], []],
  ["ff00::/8", ["ff00::", "ff02::1", "ffff:ffff::1"], []],
  ["what is not handed out", ["200::", "4000::", "1fff:ffff::1", "e000::1"], ["2000::", "3fff:ffff::1"]],
];
for (const [block, inside, around] of blocks) {
  test(`isPublic() is false for ${block} alone`, () => {
    assert.deepEqual(inside.filter((address) => isPublic(address)), []);
    assert.deepEqual(around.filter((address) => !isPublic(address)), []);
  });
}

test("isPublic() is true for addresses of public servers", () => {
  const addresses = ["1.1.1.1", "8.8.8.8", "192.175.48.1", "2606:4700:4700::1111", "2001:4860:4860::8888"];
  assert.deepEqual(addresses.filter((address) => !isPublic(address)), []);
});

/** How an IPv4 address hides in an IPv6 one. */
const embeddings: [name: string, embed: (hex: string, dotted: string) => string][] = [
  ["mapped", (_, dotted) => `::ffff:${dotted}`],
  ["mapped, in hexadecimal", (hex) => `::FFFF:${hex}`],
  ["mapped, written out", (_, dotted) => `0:0:0:0:0:ffff:${dotted}`],
  ["NAT64", (_, dotted) => `64:ff9b::${dotted}`],
  ["NAT64, in hexadecimal", (hex) => `0064:FF9B:0:0::${hex}`],
  ["6to4", (hex) => `2002:${hex}::1`],
];
for (const [name, embed] of embeddings) {
  test(`isPublic() judges the IPv4 address inside (${name})`, () => {
    assert.equal(isPublic(embed("0808:0808", "8.8.8.8")), true);
    assert.equal(isPublic(embed("0808:0001", "8.8.0.1")), true);
    assert.equal(isPublic(embed("7f00:0808", "127.0.8.8")), false);
    assert.equal(isPublic(embed("7f00:0001", "127.0.0.1")), false);
    assert.equal(isPublic(embed("a9fe:a9fe", "169.254.169.254")), false);
    assert.equal(isPublic(embed("0a00:0001", "10.0.0.1")), false);
  });
}

const noAddresses = [
  "",
  "localhost",
  "example.com",
  "127.1",
  "2130706433",
  "0x7f000001",
  "0177.0.0.1",
  "8.8.8.8.",
  "08.8.8.8",
  "8.8.8.8/32",
  "8.8.8.8:80",
  " 8.8.8.8",
  "8.8.8.8\n",
  "８.8.8.8",
  "256.1.1.1",
  "[2606:4700::1]",
  "2606:4700::1%eth0",
  "::ffff:8.8.8.8%1",
  "2606:4700:::1",
  "2606:4700::/32",
];
for (const text of noAddresses) {
  test(`isPublic() is false for ${JSON.stringify(text)}`, () => assert.equal(isPublic(text), false));
}
