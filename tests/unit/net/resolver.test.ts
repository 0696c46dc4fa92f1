import assert from "node:assert/strict";
import { test } from "node:test";
import { dnsFirst, type Resolution } from "../../../src/net/resolver.ts";

const BY_SYSTEM: Resolution = {
  endpoints: [{ address: "192.0.2.1", family: 4 }],
  ttl: Promise.resolve(1000),
  missing: [],
};

const FAILURES: [code: string, asksSystem: boolean][] = [
  ["ENOTFOUND", true],
  ["ENODATA", true],
  ["ECONNREFUSED", true],
  ["ETIMEOUT", false],
  ["ESERVFAIL", false],
];
for (const [code, asksSystem] of FAILURES) {
  test(`dnsFirst() ${asksSystem ? "asks" : "does not ask"} the system where DNS fails with ${code}`, async () => {
    let asked = 0;
    const answer = dnsFirst(
      () => Promise.reject(Object.assign(new Error(code), { code })),
      () => (asked++, Promise.resolve(BY_SYSTEM)),
    );
    if (asksSystem) assert.equal(await answer, BY_SYSTEM);
    else await assert.rejects(answer, { code });
    assert.equal(asked, asksSystem ? 1 : 0);
  });
}

test("dnsFirst() asks nobody else where DNS answers", async () => {
  const asked = dnsFirst(() => Promise.resolve(BY_SYSTEM), () => Promise.reject(new Error("asked")));
  assert.equal(await asked, BY_SYSTEM);
});
