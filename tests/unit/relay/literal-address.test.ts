import assert from "node:assert/strict";
import { test } from "node:test";
import { literalAddress } from "../../../src/relay/literal-address.ts";

const cases: [host: string, address: string | undefined][] = [
  ["192.0.2.1", "192.0.2.1"],
  ["127.1", "127.0.0.1"],
  ["0x7f000001", "127.0.0.1"],
  ["2130706433", "127.0.0.1"],
  ["0177.0.0.1", "127.0.0.1"],
  ["127.0.0.01", "127.0.0.1"],
  ["127.0.0.0x1", "127.0.0.1"],
  ["0", "0.0.0.0"],
  ["[::1]", "::1"],
  ["[2001:db8::a]", "2001:db8::a"],
  ["[::ffff:7f00:1]", "127.0.0.1"],
  ["2001:DB8:0::A", "2001:db8::a"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["localhost", undefined],
  ["example.com", undefined],
  ["127.0.0.1.example.com", undefined],
  ["1.2.3.4.5", undefined],
  ["256.256.256.256", undefined],
  ["4294967296", undefined],
  ["x.1", undefined],
  ["", undefined],
];
for (const [host, address] of cases) {
  test(`literalAddress() of ${JSON.stringify(host)} is ${address}`, () => {
    assert.equal(literalAddress(host), address);
  });
}
