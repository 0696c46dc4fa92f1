import assert from "node:assert/strict";
import { test } from "node:test";
import { ipv4sIn } from "../../../src/http/embedded-ipv4.ts";
import { IpSet, normalIp, parseIpBlock } from "../../../src/http/ip.ts";

const carried: [address: string, ipv4s: string[]][] = [
  ["10.0.0.1", ["10.0.0.1"]],
  ["::ffff:10.0.0.1", ["10.0.0.1"]],
  ["64:ff9b::10.0.0.1", ["10.0.0.1"]],
  ["2002:a00:1::7", ["10.0.0.1"]],
  // A NAT64 of this network, with each length of its prefix.
  ["64:ff9b:1::10.0.0.1", ["10.0.0.1"]],
  ["64:ff9b:1:a00:0:100::", ["0.0.0.0", "10.0.0.1"]],
  ["64:ff9b:1:a:0:1::", ["0.0.0.0", "10.0.0.1"]],
  ["64:ff9b:1:2:a:0:100::", ["1.0.0.0", "2.10.0.0", "10.0.0.1"]],
  ["64:ff9b:2::10.0.0.1", []],
  ["::10.0.0.1", ["10.0.0.1"]],
  ["::2", ["0.0.0.2"]],
  ["::1", []],
  ["::", []],
  ["::ffff:0:10.0.0.1", ["10.0.0.1"]],
  ["::ffff:1:10.0.0.1", []],
  ["2001:0:c000:201:8000:63bf:f5ff:fffe", ["192.0.2.1", "10.0.0.1"]],
  ["2001:1:c000:201:8000:63bf:f5ff:fffe", []],
  ["fe80::5efe:10.0.0.1%eth0", ["10.0.0.1"]],
  ["2001:db8::5efe:10.0.0.1", ["10.0.0.1"]],
  ["2001:db8::200:5efe:10.0.0.1", ["10.0.0.1"]],
  ["2001:db8::400:5efe:10.0.0.1", []],
  ["2001:db8::10.0.0.1", []],
];
for (const [address, ipv4s] of carried) {
  test(`ipv4sIn() ${address} is ${ipv4s.join(" and ") || "nothing"}`, () => {
    const found = ipv4sIn(parseIpBlock(address)!.groups)
      .map((groups) => normalIp(groups.map((group) => group.toString(16)).join(":")));
    assert.deepEqual(found, ipv4s);
  });
}

const onlySomewhere = [
  "64:ff9b:1::10.0.0.1",
  "64:ff9b:1:a00:0:100::",
  "::10.0.0.1",
  "::ffff:0:10.0.0.1",
  "2001:0:c000:201:8000:63bf:f5ff:fffe",
  "2001:0:a00:1:8000:63bf:3fff:fdfe",
  "fe80::5efe:10.0.0.1%eth0",
  "2001:db8::200:5efe:10.0.0.1",
];
test("IpSet.has() of what only some hosts deliver to an address takes ipv4sIn()", () => {
  const blocks = [parseIpBlock("10.0.0.0/8")!];
  const [refused, trusted] = [new IpSet(blocks, ipv4sIn), new IpSet(blocks)];
  assert.deepEqual(onlySomewhere.filter((address) => !refused.has(address)), []);
  assert.deepEqual(onlySomewhere.filter((address) => trusted.has(address)), []);
});
