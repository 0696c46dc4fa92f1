// What predecessors called their metrics, for dashboards and alerts that go by those names.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { COMPAT_METRICS } from "../../src/observe/compat-names.ts";
import { eventually } from "../support/eventually.ts";
import { parseMetrics } from "../support/metrics-parser.ts";
import { parseOpenMetrics } from "../support/openmetrics-parser.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { type Metrics, openMetricsScene } from "./metrics-scene.ts";
import { get, ok, post } from "./scene.ts";

const CLOSE = "Connection: close";
const RELAY = {
  name: "relay",
  mode: "relay",
  bind: "127.0.0.1:0",
  relay: { allow_private: ["127.0.0.0/8"] },
};

/** What http-proxy-lb would say, without what is of one server. */
function sums(metrics: Metrics): Record<string, number | undefined> {
  const names = Object.keys(COMPAT_METRICS).filter((name) => /^http_proxy_lb_(?!upstream|uptime)/.test(name));
  return Object.fromEntries(
    names.map((name) => [name.slice("http_proxy_lb_".length), metrics.all(name)[""]]),
  );
}

function openCompatScene(t: TestContext, config: Record<string, unknown> = {}) {
  return openMetricsScene(t, {
    answer: () => ok("four"),
    further: [RELAY],
    config: { metrics: { compat: true }, ...config },
  });
}

test("compat shows the metrics of http-proxy-lb, exact after known traffic and through reloads", async (t) => {
  const { port, measure, server, names, proxy } = await openCompatScene(t);
  const traffic: [port: number, text: string][] = [
    [port(0), get("/", CLOSE)],
    [port(0), post("12345", CLOSE)],
    [port(1), get("/dead", CLOSE)],
    [port(2), get(`http://127.0.0.1:${server.port}/`, CLOSE)],
  ];
  for (const [port, text] of traffic) await roundTrip(port, text);
  const tunnel = await RawClient.open(port(2));
  tunnel.send("CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\nConnection: close\r\n\r\n");
  await tunnel.untilClosed();
  const metrics = await measure(5);
  const expected = {
    active_connections: 0,
    requests_total: 5,
    requests_success: 3,
    requests_failed: 2,
    connect_requests: 1,
    http_requests: 4,
    direct_connections: 1,
    bytes_received: 5,
    health_checks_total: 0,
    health_checks_success: 0,
    hot_reloads: 0,
  };
  const { bytes_sent: sent, ...others } = sums(metrics);
  assert.deepEqual(others, expected);
  assert.ok(sent! >= 12);
  assert.deepEqual(metrics.all("http_proxy_lb_upstream_online"), { [names.down]: 1, [names.up]: 1 });
  assert.deepEqual(metrics.all("http_proxy_lb_upstream_active_connections"), {
    [names.down]: 0,
    [names.up]: 0,
  });
  assert.deepEqual(metrics.all("http_proxy_lb_upstream_consecutive_failures"), {
    [names.down]: 1,
    [names.up]: 0,
  });
  assert.equal(typeof metrics.all("http_proxy_lb_upstream_latency_ms")[names.up], "number");
  assert.ok(metrics.all("http_proxy_lb_uptime_seconds")[""]! >= 0);

  // Frontends and backends that are gone count on.
  await proxy.running.reload(validateConfig({
    metrics: { compat: true },
    admin: { bind: "127.0.0.1:0" },
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "other" }],
    backends: { other: { servers: [names.up] } },
  }));
  assert.deepEqual(sums(await measure()), { ...expected, bytes_sent: sent, hot_reloads: 1 });
});

test("compat counts probes, also of servers that are gone", async (t) => {
  const { measure, proxy, names } = await openCompatScene(t, {
    backends: { app: { servers: ["http://127.0.0.1:1"] }, dead: { servers: ["http://127.0.0.1:1"] } },
    healthcheck: { enabled: true, interval_seconds: 1, timeout_seconds: 1, path: "/" },
  });
  const probes = async () => sums(await measure())["health_checks_total"]!;
  await eventually("a probe", async () => await probes() > 0);
  const before = await probes();
  await proxy.running.reload(validateConfig({
    metrics: { compat: true },
    admin: { bind: "127.0.0.1:0" },
    frontends: [{ name: "web", bind: "127.0.0.1:0", default_backend: "other" }],
    backends: { other: { servers: [names.up] } },
  }));
  assert.ok(await probes() >= before);
});

test("compat shows pyhaproxy's metrics, with the samples of ours, in both formats", async (t) => {
  const { port, measure, admin } = await openCompatScene(t);
  await roundTrip(port(0), get("/", CLOSE));
  await roundTrip(port(1), get("/dead", CLOSE));
  const metrics = await measure(2);
  assert.deepEqual(metrics.all("pyhaproxy_requests_total"), metrics.all("sluice_requests_total"));
  for (const part of ["_bucket", "_sum", "_count"]) {
    const ours = metrics.all(`sluice_request_duration_seconds${part}`);
    assert.deepEqual(metrics.all(`pyhaproxy_request_latency_seconds${part}`), ours);
    assert.ok(Object.keys(ours).length > 0);
  }
  for (const [name, { type }] of Object.entries(COMPAT_METRICS)) {
    assert.equal(metrics.families.get(name)!.type, type, name);
  }
  const answer = await admin("/metrics", { headers: { Accept: "application/openmetrics-text" } });
  const openMetrics = parseOpenMetrics(await answer.text());
  assert.deepEqual([...openMetrics.keys()].sort(), [...metrics.families.keys()].sort());
});

test("without compat no name of a predecessor is shown", async (t) => {
  const { port, proxy } = await openMetricsScene(t, { answer: () => ok("four") });
  await roundTrip(port(0), get("/", CLOSE));
  const names = [...parseMetrics(proxy.running.metricsPage()).keys()];
  assert.deepEqual(names.filter((name) => !name.startsWith("sluice_")), []);
});
