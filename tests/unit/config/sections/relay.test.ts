import assert from "node:assert/strict";
import { test } from "node:test";
import { freeze } from "../../../../src/config/freeze.ts";
import { describePorts, relaySchema } from "../../../../src/config/sections/relay.ts";
import { parseIpBlock } from "../../../../src/http/ip.ts";

const SALT = "AAECAwQFBgcICQoLDA0ODw";
const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const HASH = `scrypt$16384$8$5$${SALT}$${KEY}`;

function problems(written: unknown): string[] {
  const { error } = relaySchema.safeParse(written);
  return (error?.issues ?? []).flatMap((issue) => {
    const message = issue.code === "invalid_key" ? issue.issues[0]!.message : issue.message;
    return `${issue.path.join(".")}: ${message}`;
  });
}

test("relaySchema allows nothing but HTTPS for clients of the own network, by default", () => {
  const relay = relaySchema.parse({});
  assert.deepEqual({ ...relay, allowClients: relay.allowClients.length }, {
    domainPolicy: { mode: "off", domains: [] },
    users: {},
    realm: "sluice",
    allowClients: 1,
    connectPorts: [443],
    deny: [],
    allowPrivate: [],
    pac: false,
  });
});

test("relaySchema reads every key, as data that can be frozen", () => {
  const relay = freeze(relaySchema.parse({
    domain_policy: { mode: "whitelist", domains: ["*.example.com", "10.0.0.0/8"] },
    users: { "Zoë": HASH },
    realm: 'a "realm"',
    allow_clients: ["192.0.2.0/24", "unix"],
    connect_ports: [443, 8443],
    deny: ["domain:evil.test"],
    allow_private: ["10.0.0.0/8", "::1"],
    pac: true,
    pac_address: "Proxy.test:8080",
  }));
  assert.deepEqual(relay, {
    domainPolicy: {
      mode: "whitelist",
      domains: [{ kind: "below", host: "example.com" }, {
        kind: "address",
        block: parseIpBlock("10.0.0.0/8"),
      }],
    },
    users: { "Zoë": { cost: 16384, blockSize: 8, parallelization: 5, salt: SALT, hash: KEY } },
    realm: 'a "realm"',
    allowClients: [[parseIpBlock("192.0.2.0/24")], "unix"],
    connectPorts: [443, 8443],
    deny: [{ kind: "exact", host: "evil.test" }],
    allowPrivate: [parseIpBlock("10.0.0.0/8"), parseIpBlock("::1")],
    pac: true,
    pacAddress: "proxy.test:8080",
  });
});

test("relaySchema reads allow_private = true as every address, false as none", () => {
  assert.deepEqual(relaySchema.parse({ allow_private: true }).allowPrivate, [
    parseIpBlock("0.0.0.0/0"),
    parseIpBlock("::/0"),
  ]);
  assert.deepEqual(relaySchema.parse({ allow_private: false }).allowPrivate, []);
});

test('relaySchema reads connect_ports = "all" as every port, which is all to people as well', () => {
  const relay = relaySchema.parse({ connect_ports: "all" });
  assert.equal(relay.connectPorts, "all");
  assert.equal(describePorts(relay), "all");
  assert.equal(describePorts(relaySchema.parse({ connect_ports: [443, 8443] })), "443, 8443");
});

const refused: [written: Record<string, unknown>, problem: RegExp][] = [
  [{ domain_polcy: {} }, /^: unknown key; .*did you mean "domain_policy"\?$/],
  [{ domain_policy: { domain: [] } }, /^domain_policy: unknown key; .*did you mean "domains"\?$/],
  [{ domain_policy: { mode: "white_list" } }, /^domain_policy\.mode: .*did you mean "whitelist"\?$/],
  [{ domain_policy: { domains: ["a.test", "*."] } }, /^domain_policy\.domains\.1: is "\*\."; accepted: /],
  [
    { domain_policy: { domains: "a.test" } },
    /^domain_policy\.domains: is "a\.test"; accepted: a list of domains/,
  ],
  [{ deny: ["a.test:443"] }, /^deny\.0: .*did you mean "a\.test"\?$/],
  [{ realm: "" }, /^realm: is ""; accepted: /],
  [{ realm: "a\r\nb" }, /^realm: .*; accepted: /],
  [{ allow_clients: ["privat"] }, /^allow_clients\.0: .*did you mean "private"\?$/],
  [{ connect_ports: [0] }, /^connect_ports\.0: is 0; accepted: a whole number, 1 to 65535$/],
  [{ connect_ports: [65_536] }, /^connect_ports\.0: is 65536; /],
  [
    { connect_ports: 443 },
    /^connect_ports: is 443; accepted: a list of ports, each from 1 to 65535, or "all"$/,
  ],
  [{ allow_private: "yes" }, /^allow_private: is "yes"; accepted: true, false or a list of addresses/],
  [{ allow_private: ["10.0.0.0/33"] }, /^allow_private\.0: is "10\.0\.0\.0\/33"; accepted: an IP address/],
  [{ allow_private: ["fe80::1%eth0"] }, /^allow_private\.0: /],
  [{ pac: "true" }, /^pac: is "true"; accepted: true or false$/],
  [{ pac_address: "proxy.test" }, /^pac_address: is "proxy\.test"; accepted: "host:port"/],
  [{ pac_address: "proxy.test:0" }, /^pac_address: /],
  [{ pac_address: "a:1; DIRECT" }, /^pac_address: /],
  [{ users: { "a:b": HASH } }, /^users\.a:b: is "a:b"; accepted: the name of a user/],
  [{ users: { "": HASH } }, /^users\.: is ""; accepted: the name of a user/],
];
for (const [written, problem] of refused) {
  test(`relaySchema refuses ${JSON.stringify(written)}`, () => {
    const found = problems(written);
    assert.equal(found.length, 1);
    assert.match(found[0]!, problem);
  });
}

const noHashes: [why: string, hash: unknown][] = [
  ["a password", "hunter2secret"],
  ["a number", 123454321],
  ["a list", ["hunter2secret"]],
  ["a hash of another kind", "$2y$05$hunter2secret"],
  ["a hash with a part too few", `scrypt$16384$8$${SALT}$${KEY}`],
  ["letters that are no base64url", HASH.replace("A", "+")],
  ["bits that are left over", HASH.slice(0, -1) + "9"],
  ["a salt that is too short", HASH.replace(SALT, "AAEC")],
  ["an N that is no power of two", HASH.replace("16384", "16383")],
  ["an N of zero", HASH.replace("16384", "0")],
  ["too low a cost", HASH.replace("16384", "4096")],
  ["more memory than is good", HASH.replace("16384", "262144")],
  ["more time than is good", HASH.replace("$5$", "$17$")],
];
for (const [why, hash] of noHashes) {
  test(`relaySchema refuses ${why} for a password hash, and does not repeat it`, () => {
    const found = problems({ users: { ada: hash } });
    assert.equal(found.length, 1);
    assert.match(found[0]!, /^users\.ada: is (?:no|a) .*; accepted: /);
    assert.doesNotMatch(found[0]!, /hunter2|12345|AAEC/);
  });
}

for (const users of ["ada:hunter2secret", ["ada:hunter2secret"], 12345]) {
  test(`relaySchema does not repeat ${JSON.stringify(users)} in the place of a table of users`, () => {
    assert.deepEqual(problems({ users }), [
      "users: is no table; accepted: a table of password hashes by user",
    ]);
  });
}
