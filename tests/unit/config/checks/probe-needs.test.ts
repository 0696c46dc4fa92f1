// What makes sense only where servers are probed: max_requests and the policy "latency".
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../../../src/config/load.ts";
import { refusals } from "../support.ts";

const HEAD = '[[frontends]]\nbind = ":80"\ndefault_backend = "app"\n';
const MAX = "accepted: 0, or health_check with it: the requests between two probes are counted";
const POLICY = "accepted: another policy, or health_check with it: it goes by the probes";

const refused: [why: string, text: string, lines: string[]][] = [
  ["max_requests of a backend", '[backends.app]\nmax_requests = 5\nservers = ["http://a"]', [
    `c:5:16: backends.app.max_requests: is 5; ${MAX}`,
  ]],
  ["max_requests of a server", '[backends.app]\nservers = [{ url = "http://a", max_requests = 7 }]', [
    `c:5:47: backends.app.servers[0].max_requests: is 7; ${MAX}`,
  ]],
  ["max_requests of the defaults", '[defaults]\nmax_requests = 5\n[backends.app]\nservers = ["http://a"]', [
    `c:6:1: backends.app.max_requests: is 5; ${MAX}`,
  ]],
  [
    "max_requests where the checks of all are off for one",
    '[defaults.health_check]\n[backends.app]\nmax_requests = 5\nservers = ["http://a"]\n[backends.app.health_check]\nenabled = false',
    [`c:6:16: backends.app.max_requests: is 5; ${MAX}`],
  ],
  [
    "max_requests where pyhaproxy's check is not enabled",
    '[healthcheck]\npath = "/x"\n[backends.app]\nmax_requests = 5\nservers = ["http://a"]',
    [`c:7:16: backends.app.max_requests: is 5; ${MAX}`],
  ],
  [
    "max_requests where only ejected servers are probed",
    '[defaults.health_check]\nwhen = "ejected"\n[backends.app]\nmax_requests = 5\nservers = ["http://a"]',
    [`c:7:16: backends.app.max_requests: is 5; ${MAX}`],
  ],
  ["the policy latency", '[backends.app]\nbalance = "Fastest"\nservers = ["http://a"]', [
    `c:5:11: backends.app.balance: is "Fastest"; ${POLICY}`,
  ]],
  [
    "the policy latency of the defaults",
    '[defaults]\nbalance = "latency"\n[backends.app]\nservers = ["http://a"]',
    [
      `c:6:1: backends.app.balance: is "latency"; ${POLICY}`,
    ],
  ],
];
for (const [why, text, lines] of refused) {
  test(`parseConfig() refuses ${why} without probes`, () => assert.deepEqual(refusals(HEAD + text), lines));
}

const NEEDY =
  '[backends.app]\nbalance = "latency"\nmax_requests = 5\nservers = [{ url = "http://a", max_requests = 7 }]\n';
const accepted: [why: string, text: string][] = [
  ["a check of its own", `${NEEDY}[backends.app.health_check]`],
  ["a check of the defaults", `[defaults.health_check]\n${NEEDY}`],
  [
    "a check that is off in the defaults only",
    `[defaults.health_check]\nenabled = false\n${NEEDY}[backends.app.health_check]\nenabled = true`,
  ],
  ["pyhaproxy's check", `[healthcheck]\nenabled = true\n${NEEDY}`],
  [
    "no number above 0",
    '[backends.app]\nmax_requests = 0\nservers = [{ url = "http://a", max_requests = 0 }]',
  ],
];
for (const [why, text] of accepted) {
  test(`parseConfig() takes max_requests and latency with ${why}`, () =>
    assert.deepEqual(refusals(HEAD + text), []));
}

test("parseConfig() lets a server override the backend's max_requests, and that the defaults'", () => {
  const { backends } = parseConfig(
    `${HEAD}[defaults]\nmax_requests = 3\n[defaults.health_check]\n` +
      '[backends.app]\nmax_requests = 5\nservers = ["http://a", { url = "http://b", max_requests = 0 }]\n' +
      '[backends.other]\nservers = ["http://a"]',
    { file: "c", format: "toml" },
  );
  assert.deepEqual(backends.app!.servers.map(({ maxRequests }) => maxRequests), [5, 0]);
  assert.deepEqual(backends.other!.servers.map(({ maxRequests }) => maxRequests), [3]);
});
