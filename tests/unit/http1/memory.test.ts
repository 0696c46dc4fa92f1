import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { test } from "node:test";
import { IpSet } from "../../../src/http/ip.ts";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { RequestDecoder } from "../../../src/http1/request-decoder.ts";

/**
 * A garbage collection at once, where the runtime gives one without a flag: Bun. There a slice of a text keeps the
 * whole text alive, so that what is remembered of a head can hold all of it.
 */
const collect = (globalThis as { Bun?: { gc(force: boolean): void } }).Bun?.gc;
const skip = collect === undefined && "no garbage collection at once on this runtime";

const padding = "x".repeat(30_000);
const heads: [remembered: string, head: (i: number) => string][] = [
  ["authority", (i) => `Host: attacker-host-${i}.example\r\n`],
  ["field name", (i) => `Host: a\r\nx-attacker-name-${i}: 1\r\n`],
];
for (const [remembered, head] of heads) {
  test(`RequestDecoder keeps no head alive by the ${remembered} that is remembered of it`, { skip }, () => {
    collect!(true);
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 900; i++) {
      const decoder = new RequestDecoder(DEFAULT_LIMITS);
      decoder.push(Buffer.from(`GET / HTTP/1.1\r\n${head(i)}Padding: ${padding}\r\n\r\n`));
      assert.equal(decoder.next(), "head");
    }
    collect!(true);
    const keptBytes = process.memoryUsage().heapUsed - before;
    assert.ok(keptBytes < 5_000_000, `${keptBytes} bytes are kept of 900 heads`);
  });
}

test("IpSet keeps no head alive by the address that is remembered of it", { skip }, () => {
  const set = new IpSet([]);
  const wide = new IpSet([{ groups: [0, 0, 0, 0, 0, 0xffff, 0, 0], bits: 128 }]);
  collect!(true);
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 900; i++) {
    const head = Buffer.from(`X-Forwarded-For: 203.0.${i >> 8}.${i & 255}, ${padding}`).toString("latin1");
    const address = head.slice(head.indexOf(" ") + 1, head.indexOf(","));
    assert.equal(set.has(address) || wide.has(address), false);
  }
  collect!(true);
  const keptBytes = process.memoryUsage().heapUsed - before;
  assert.ok(keptBytes < 5_000_000, `${keptBytes} bytes are kept of 900 heads`);
});
