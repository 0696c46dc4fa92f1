import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDomain } from "../../../src/config/values/domain.ts";
import { hostForMatching } from "../../../src/http/authority.ts";
import { compileDomainPolicy, type DomainPolicyMode } from "../../../src/relay/domain-policy.ts";
import { compileDomains } from "../../../src/relay/domains.ts";
import { pacFile, type PacOptions } from "../../../src/relay/pac.ts";
import { DOMAIN_TABLE } from "./domain-table.ts";

const PROXY = "proxy.test:8080";
const MODES: readonly DomainPolicyMode[] = ["off", "blacklist", "whitelist"];

/** What a browser would do: the script runs, without the functions that browsers add for it. */
function evaluate(options: PacOptions): (host: string) => string {
  const find = new Function(`${pacFile(options)}\nreturn FindProxyForURL;`)();
  return (host) => find(`http://${host}/`, host);
}

/** The spelling in which browsers hand a host over, which knows no `0x7f.1`. */
function inBrowser(host: string): string {
  return new URL(`http://${host}`).hostname;
}

for (const [list, matched, others] of DOMAIN_TABLE) {
  const name = list.map((entry) => JSON.stringify(entry)).join(" and ") || "no entry";
  test(`pacFile() of ${name} means what compileDomainPolicy() does, in every mode`, () => {
    const patterns = list.map(parseDomain);
    for (const mode of MODES) {
      const find = evaluate({ policy: mode, patterns, proxy: PROXY });
      const way = compileDomainPolicy({ mode, matches: compileDomains(patterns) });
      for (const host of [...matched, ...others].filter((host) => URL.canParse(`http://${host}`))) {
        const written = inBrowser(host);
        const plain = /^[^.:]+\.*$/.test(written);
        const wanted = plain || way(hostForMatching(host)) === "straight" ? "DIRECT" : `PROXY ${PROXY}`;
        assert.equal(find(written), wanted);
        assert.equal(find(written.replace(/^\[(.*)\]$/, "$1")), wanted);
      }
    }
  });
}

test("pacFile() sends names without a dot straight, whatever the policy", () => {
  for (const policy of MODES) {
    const find = evaluate({ policy, patterns: [parseDomain("intranet")], proxy: PROXY });
    for (const host of ["intranet", "INTRANET", "localhost", "intranet."]) assert.equal(find(host), "DIRECT");
  }
});

test("pacFile() gives no way around the relay", () => {
  assert.equal(pacFile({ policy: "off", patterns: [], proxy: PROXY }).includes("; DIRECT"), false);
});

const proxies: [proxy: string, answer: string][] = [
  ["proxy.test:8080", "PROXY proxy.test:8080"],
  ["proxy.test", "PROXY proxy.test:80"],
  ["192.0.2.1:3128", "PROXY 192.0.2.1:3128"],
  ["[2001:db8::1]", "PROXY [2001:db8::1]:80"],
  ["[2001:db8::1]:3128", "PROXY [2001:db8::1]:3128"],
];
for (const [proxy, answer] of proxies) {
  test(`pacFile() names the relay ${proxy} as ${answer}`, () => {
    assert.equal(evaluate({ policy: "off", patterns: [], proxy })("a.test"), answer);
  });
}

for (const proxy of ["", "a:1; DIRECT", 'a"+alert(1)+"', "a\nb", "user@a:1", "a:99999", "</script>", "::1"]) {
  test(`pacFile() refuses ${JSON.stringify(proxy)} for a relay`, () => {
    assert.throws(() => pacFile({ policy: "off", patterns: [], proxy }), TypeError);
  });
}

test("pacFile() writes whatever stands in a pattern as text", () => {
  const host = '"};\n</script>\u2028\\';
  const script = pacFile({ policy: "blacklist", patterns: [{ kind: "exact", host }], proxy: PROXY });
  assert.doesNotMatch(script, /<\/script|\u2028/);
  const find = new Function(`${script}\nreturn [FindProxyForURL, Object.keys(NAMES)];`)();
  assert.equal(find[0]("", "a.test"), `PROXY ${PROXY}`);
  assert.deepEqual(find[1], [`=${host}`]);
});

test("pacFile() uses nothing that old script engines lack", () => {
  const script = pacFile({ policy: "whitelist", patterns: [parseDomain("a.test")], proxy: PROXY });
  assert.doesNotMatch(script, /\b(?:let|const|class)\b|=>|`|\.\.\.|\bdnsResolve\b|\bisInNet\b/);
});
