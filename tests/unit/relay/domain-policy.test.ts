import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDomain } from "../../../src/config/values/domain.ts";
import { hostForMatching } from "../../../src/http/authority.ts";
import { compileDomainPolicy } from "../../../src/relay/domain-policy.ts";
import { compileDomains } from "../../../src/relay/domains.ts";
import { DOMAIN_TABLE } from "./domain-table.ts";

for (const [list, matched, others] of DOMAIN_TABLE) {
  const name = list.map((entry) => JSON.stringify(entry)).join(" and ") || "no entry";
  const matches = compileDomains(list.map(parseDomain));

  test(`compileDomains() of ${name}`, () => {
    assert.deepEqual(matched.filter((host) => !matches(hostForMatching(host))), []);
    assert.deepEqual(others.filter((host) => matches(hostForMatching(host))), []);
  });

  test(`compileDomainPolicy() of ${name}, in every mode`, () => {
    const ways = (mode: "off" | "blacklist" | "whitelist", hosts: readonly string[]) => {
      const way = compileDomainPolicy({ mode, matches });
      return [...new Set(hosts.map((host) => way(hostForMatching(host))))];
    };
    const seen = matched.length === 0 ? [] : undefined;
    assert.deepEqual(ways("off", [...matched, ...others]), ["parent"]);
    assert.deepEqual(ways("blacklist", matched), seen ?? ["straight"]);
    assert.deepEqual(ways("blacklist", others), ["parent"]);
    assert.deepEqual(ways("whitelist", matched), seen ?? ["parent"]);
    assert.deepEqual(ways("whitelist", others), ["straight"]);
  });
}

test("compileDomains() finds a host in a step for each label, whatever the number of patterns", () => {
  const matches = compileDomains(Array.from({ length: 20_000 }, (_, i) => parseDomain(`d${i}.test`)));
  assert.equal(matches("a.b.c.d19999.test"), true);
  assert.equal(matches("a.".repeat(120) + "test"), false);
});

test("compileDomains() judges an address that was dialled, without brackets", () => {
  const matches = compileDomains(["2001:db8::/32", "10.0.0.0/8"].map(parseDomain));
  assert.deepEqual(["2001:db8::1", "::ffff:10.0.0.1", "10.0.0.1"].filter((address) => !matches(address)), []);
  assert.equal(matches("2001:db9::1"), false);
});
