import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { SILENT_LOG } from "../../../src/base/log.ts";
import { validateConfig } from "../../../src/config/load.ts";
import { originPattern } from "../../../src/lifecycle/origin-pattern.ts";
import { Resolver } from "../../../src/net/resolver.ts";
import { Origins } from "../../../src/relay/origins.ts";
import { Clock } from "../../support/clock.ts";

function setUp(defaults: Record<string, unknown> = {}) {
  const config = validateConfig({ frontends: [{ bind: ":0", mode: "relay" }], backends: {}, defaults });
  const resolver = new Resolver({ servers: ["127.0.0.1:1"], timeout: 1 });
  return new Origins(originPattern(config), { limits: config.limits, resolver, log: SILENT_LOG });
}

test("Origins.of() makes one backend for each scheme and authority", () => {
  const origins = setUp();
  const first = origins.of("http", "a.test:81");
  assert.equal(origins.of("http", "a.test:81"), first);
  assert.notEqual(origins.of("https", "a.test:81"), first);
  assert.notEqual(origins.of("http", "a.test"), first);
  assert.equal(first.servers[0]!.name, "http://a.test:81");
  const ports = (["http", "https"] as const).map((scheme) =>
    origins.of(scheme, "a.test").servers[0]!.config.port
  );
  assert.deepEqual(ports, [80, 443]);
  assert.equal(first.servers[0]!.authorization, undefined);
});

for (const authority of ["a.test:0", "1.2.3.4.5", "256.1.1.1"]) {
  test(`Origins.of() refuses ${authority} as a bad request`, () => {
    const isBad = (error: unknown) => error instanceof ProxyError && error.kind === "bad_request";
    assert.throws(() => setUp().of("http", authority), isBad);
  });
}

test("Origins.of() lets go of the one that was used longest ago, and its tunnels stay", (t) => {
  const clock = new Clock(t);
  const origins = setUp({ timeouts: { tunnel_drain: "1s" } });
  const backends = Array.from({ length: 1024 }, (_, i) => origins.of("http", `${i}.test`));
  let cut = false;
  const tunnel = { bytes: { fromClient: 0, toClient: 0 }, goAway: () => false, cut: () => void (cut = true) };
  backends[1]!.servers[0]!.tunnels.add(tunnel);
  origins.of("http", "0.test");
  origins.of("http", "new.test");
  assert.deepEqual(backends.map(({ closed }, i) => closed.aborted ? i : -1).filter((i) => i >= 0), [1]);
  assert.equal(origins.of("http", "0.test"), backends[0]);
  clock.pass(60_000);
  assert.equal(cut, false);
});

test("Origins.close() closes all of them", () => {
  const origins = setUp();
  const backends = ["a.test", "b.test"].map((name) => origins.of("http", name));
  origins.close();
  assert.ok(backends.every(({ closed }) => closed.aborted));
});

test("originPattern() is one server that nothing takes out, with the times of the defaults", () => {
  const { defaults, ...rest } = validateConfig({
    frontends: [{ bind: ":0", mode: "relay" }],
    backends: {},
    defaults: {
      balance: "latency",
      host_header: "rewrite",
      max_requests: 5,
      health_check: {},
      timeouts: { connect: "1s", tunnel_drain: "5s" },
    },
  });
  const { balance, hostHeader, maxRequests, healthCheck, timeouts, retries, ejection } = originPattern({
    ...rest,
    defaults,
  });
  assert.deepEqual({ balance, hostHeader, maxRequests, healthCheck }, {
    balance: "roundrobin",
    hostHeader: "preserve",
    maxRequests: 0,
    healthCheck: undefined,
  });
  assert.deepEqual([timeouts.connect, timeouts.tunnelDrain, retries.attempts, ejection.enabled], [
    1000,
    0,
    1,
    false,
  ]);
});
