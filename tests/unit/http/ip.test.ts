import assert from "node:assert/strict";
import { test } from "node:test";
import { IpSet, normalIp, parseIpBlock } from "../../../src/http/ip.ts";

const parsed: [text: string, groups: string, bits: number][] = [
  ["10.0.0.1", "0:0:0:0:0:ffff:a00:1", 128],
  ["10.0.0.0/8", "0:0:0:0:0:ffff:a00:0", 104],
  ["10.1.2.3/8", "0:0:0:0:0:ffff:a01:203", 104],
  ["0.0.0.0/0", "0:0:0:0:0:ffff:0:0", 96],
  ["255.255.255.255/32", "0:0:0:0:0:ffff:ffff:ffff", 128],
  ["::", "0:0:0:0:0:0:0:0", 128],
  ["::/0", "0:0:0:0:0:0:0:0", 0],
  ["::1", "0:0:0:0:0:0:0:1", 128],
  ["1::", "1:0:0:0:0:0:0:0", 128],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", 128],
  ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", 128],
  ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 128],
  ["2001:DB8::/32", "2001:db8:0:0:0:0:0:0", 32],
  ["2001:db8::1/128", "2001:db8:0:0:0:0:0:1", 128],
  ["::ffff:10.0.0.1", "0:0:0:0:0:ffff:a00:1", 128],
  ["::ffff:a00:1", "0:0:0:0:0:ffff:a00:1", 128],
  ["::FFFF:10.0.0.0/104", "0:0:0:0:0:ffff:a00:0", 104],
  ["::10.0.0.1", "0:0:0:0:0:0:a00:1", 128],
  ["64:ff9b::192.0.2.1", "64:ff9b:0:0:0:0:c000:201", 128],
  ["1:2:3:4:5:6:10.0.0.1", "1:2:3:4:5:6:a00:1", 128],
  ["fe80::1%eth0", "fe80:0:0:0:0:0:0:1", 128],
];
for (const [text, groups, bits] of parsed) {
  test(`parseIpBlock() reads ${text}`, () => {
    const block = parseIpBlock(text);
    assert.equal(block?.groups.map((group) => group.toString(16)).join(":"), groups);
    assert.equal(block?.bits, bits);
  });
}

const refused: [text: string, why: string][] = [
  ["", "nothing"],
  ["/8", "a length alone"],
  ["10.0.0.0/", "an empty length"],
  ["10.0.0.0/33", "a length beyond IPv4"],
  ["10.0.0.0/128", "a length of IPv6 behind IPv4"],
  ["::/129", "a length beyond IPv6"],
  ["10.0.0.0/-1", "a negative length"],
  ["10.0.0.0/8.0", "a fraction"],
  ["10.0.0.0/0x8", "a hexadecimal length"],
  ["10.0.0.0/0008", "a length of four digits"],
  ["10.0.0.0/8/8", "two lengths"],
  ["10.0.0.0/255.0.0.0", "a mask"],
  ["10.0.0", "three parts"],
  ["10.0.0.0.0", "five parts"],
  ["10.0.0.256", "a part out of range"],
  ["010.0.0.1", "a leading zero"],
  ["0x0a.0.0.1", "a hexadecimal part"],
  ["167772161", "one number"],
  ["10.0.0.1:80", "a port"],
  ["[::1]", "brackets"],
  ["::1::", "two gaps"],
  [":::", "three colons"],
  ["1:2:3:4:5:6:7:8:9", "nine groups"],
  ["1:2:3:4:5:6:7", "seven groups"],
  ["12345::", "five digits"],
  ["::g", "a letter beyond f"],
  ["::ffff:10.0.0.256", "an embedded part out of range"],
  ["::1%", "an empty zone"],
  ["::1%<x>", "a zone of punctuation"],
  [" ::1", "a leading blank"],
  ["::1 ", "a trailing blank"],
  ["10.0.0.1\n", "a line feed"],
  ["private", "a word"],
  ["localhost", "a name"],
  ["*", "a star"],
  ["\u0661.0.0.1", "a digit of another script"],
];
for (const [text, why] of refused) {
  test(`parseIpBlock() refuses ${why}`, () => assert.equal(parseIpBlock(text), undefined));
}

const membership: [blocks: string[], inside: string[], outside: string[]][] = [
  [["10.0.0.0/8"], ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "::ffff:a01:203"], [
    "9.255.255.255",
    "11.0.0.0",
    "::10.1.2.3",
    "10.0.0.1:80",
    "",
    "unknown",
  ]],
  // Host bits say nothing.
  [["10.1.2.3/8"], ["10.0.0.0", "10.255.0.1"], ["11.1.2.3"]],
  [["192.168.1.128/25"], ["192.168.1.128", "192.168.1.255"], ["192.168.1.127", "192.168.2.128"]],
  [["172.16.0.0/12"], ["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]],
  [["10.0.0.1"], ["10.0.0.1", "::ffff:10.0.0.1"], ["10.0.0.0", "10.0.0.2"]],
  [["::ffff:10.0.0.1"], ["10.0.0.1"], ["10.0.0.2", "::10.0.0.1"]],
  [["::ffff:10.0.0.0/104"], ["10.9.9.9"], ["11.0.0.0", "::1"]],
  [["0.0.0.0/0"], ["0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"], ["::", "::1", "2001:db8::1"]],
  [["::/0"], ["::", "::1", "ffff::", "::1.2.3.4"], ["1.2.3.4", "::ffff:1.2.3.4"]],
  [["::/0", "0.0.0.0/0"], ["1.2.3.4", "::1"], ["x"]],
  [["::/8"], ["::1", "00ff::"], ["1.2.3.4", "0100::"]],
  [["2001:db8::/33"], ["2001:db8::", "2001:DB8:7fff:ffff::1"], ["2001:db8:8000::", "2001:db9::"]],
  [["fc00::/7"], ["fc00::1", "fdff::1"], ["fbff::1", "fe00::1"]],
  [["::1"], ["::1", "0:0:0:0:0:0:0:1", "0000::0001", "::1%lo"], ["::", "::2", "127.0.0.1", "::ffff:0:1"]],
  [["fe80::1%eth0"], ["fe80::1", "fe80::1%eth1"], ["fe80::2%eth0"]],
  [["10.0.0.0/8", "2001:db8::/32"], ["10.1.1.1", "2001:db8::1"], ["192.0.2.1"]],
  // Addresses that lead to an IPv4 address.
  [["10.0.0.0/8"], [
    "64:ff9b::a00:1",
    "64:ff9b::10.9.9.9",
    "2002:a00:1::",
    "2002:aff:ffff:1::2",
    "64:FF9B::a00:1%1",
  ], [
    "64:ff9b::b00:1",
    "64:ff9b:0:0:0:1:a00:1",
    "64:ff9b:1::a00:1",
    "2002:b00:1::a00:1",
    "2003:a00:1::",
  ]],
  [["0.0.0.0/0"], ["64:ff9b::1.2.3.4", "2002::"], ["64:ff9a::1.2.3.4", "2001::", "::1.2.3.4"]],
  [["64:ff9b::/96"], ["64:ff9b::a00:1"], ["10.0.0.1", "::ffff:10.0.0.1"]],
  [["2002:a00:1::/48"], ["2002:a00:1::7"], ["10.0.0.1", "2002:a00:2::7"]],
  [[], [], ["", "0.0.0.0", "::", "10.0.0.1"]],
];
for (const [blocks, inside, outside] of membership) {
  test(`IpSet.has() of ${blocks.join(" and ") || "no block"}`, () => {
    const set = new IpSet(blocks.map((text) => parseIpBlock(text)!));
    for (let round = 0; round < 2; round++) { // the second answers come from memory
      assert.deepEqual(inside.filter((address) => !set.has(address)), []);
      assert.deepEqual(outside.filter((address) => set.has(address)), []);
    }
  });
}

test("IpSet.has() answers the same after more addresses than it remembers", () => {
  const set = new IpSet([parseIpBlock("10.0.0.0/8")!]);
  for (let i = 0; i < 6000; i++) {
    assert.equal(set.has(`10.0.${i >> 8}.${i & 255}`), true);
    assert.equal(set.has(`11.0.${i >> 8}.${i & 255}`), false);
  }
  assert.equal(set.has("10.0.0.0"), true);
});

test("IpSet.has() finds an address with a zone of any length", () => {
  const set = new IpSet([parseIpBlock("fe80::/10")!]);
  assert.equal(set.has(`fe80::1%${"z".repeat(10_000)}`), true);
});

const normal: [text: string, address: string | undefined][] = [
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:c000:0201", "192.0.2.1"],
  ["2001:DB8::A", "2001:db8::a"],
  ["2001:db8::200:5efe:10.0.0.1", "2001:db8::200:5efe:a00:1"], // a URL parser refuses it
  ["::1.2.3.4", "::102:304"],
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["1:0:2::", "1:0:2::"],
  ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
  ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4"],
  ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
  ["localhost", undefined],
];
for (const [text, address] of normal) {
  test(`normalIp() of ${text} is ${address}`, () => assert.equal(normalIp(text), address));
}

test("parseIpBlock() refuses a block of mapped addresses that reaches beyond them", () => {
  assert.equal(parseIpBlock("::ffff:10.0.0.0/8"), undefined);
  assert.ok(parseIpBlock("::ffff:10.0.0.0/104"));
});
