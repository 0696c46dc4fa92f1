import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { Exchange } from "../../../src/message/exchange.ts";
import { Exposition } from "../../../src/observe/exposition.ts";
import { TEXT_FORMAT } from "../../../src/observe/exposition-format.ts";
import { FrontendMetrics } from "../../../src/observe/frontend-metrics.ts";

/** An exchange that is over, with what is special about it. */
function exchange(changes: Partial<Exchange> = {}, method = "GET"): Exchange {
  const peer = { address: "192.0.2.1", port: 1, secure: false };
  const request = {
    method,
    target: "/",
    authority: "a",
    minorVersion: 1,
    startedAt: 1000,
    fields: undefined,
  };
  const its = new Exchange(peer, request as never, { inform() {} });
  return Object.assign(its, { status: 200, backend: "app", ...changes });
}

/** The samples of `metrics`, without those of histograms, by name and labels. */
function samples(metrics: FrontendMetrics): Record<string, number> {
  const page = new Exposition(TEXT_FORMAT);
  metrics.collect(page, "web");
  const lines = String(page).split("\n").filter((line) => line !== "" && !/^#|_bucket|_sum/.test(line));
  return Object.fromEntries(lines.map((line) => {
    const [, name, value] = /^sluice_(.*) (\S+)$/.exec(line)!;
    return [name!.replace('frontend="web"', "").replace("{,", "{").replace("{}", ""), Number(value)];
  }));
}

test("FrontendMetrics counts a request from its beginning to its end", () => {
  const metrics = new FrontendMetrics();
  for (let i = 0; i < 3; i++) metrics.begun();
  assert.equal(samples(metrics)["requests_in_flight"], 3);
  metrics.finished(exchange({ bytesIn: 3, bytesOut: 50 }), 1500);
  metrics.finished(exchange({ bytesIn: 4, bytesOut: 600 }), 1500);
  assert.deepEqual(samples(metrics), {
    accepted_connections_total: 0,
    refused_connections_total: 0,
    requests_in_flight: 1,
    'requests_by_version_total{version="1.0"}': 0,
    'requests_by_version_total{version="1.1"}': 2,
    ...Object.fromEntries(
      ["connect", "websocket", "other"].flatMap((kind) => [
        [`tunnels{kind="${kind}"}`, 0],
        [`opened_tunnels_total{kind="${kind}"}`, 0],
      ]),
    ),
    received_body_bytes_total: 7,
    sent_body_bytes_total: 650,
    'requests_total{backend="app",method="GET",status="200"}': 2,
    'retries_total{backend="app"}': 0,
    'request_duration_seconds_count{backend="app"}': 2,
    'queue_seconds_count{backend="app"}': 0,
  });
});

test("FrontendMetrics counts failures by their reason, clients that left as 499, strange methods as one", () => {
  const metrics = new FrontendMetrics();
  const left = exchange({ status: 0 }, "BREW");
  left.fail(new ProxyError("client_closed", "gone"));
  metrics.begun();
  metrics.finished(left, 1500);
  metrics.refused();
  const counted = samples(metrics);
  assert.equal(counted['requests_total{backend="app",method="_other",status="499"}'], 1);
  assert.equal(counted['request_failures_total{backend="app",reason="client_closed"}'], 1);
  assert.deepEqual([counted["refused_connections_total"], counted["requests_in_flight"]], [1, 0]);
});

test("FrontendMetrics.traffic never falls, also where a backend is gone", () => {
  const metrics = new FrontendMetrics();
  for (const backend of ["old", "kept"]) metrics.finished(exchange({ backend, bytesOut: 5 }), 1500);
  metrics.keepOnly(new Set(["kept"]));
  assert.equal(metrics.trafficTo("old"), undefined);
  assert.deepEqual(metrics.traffic.map(({ requests, bytesOut }) => [requests, bytesOut]), [[1, 5], [1, 5]]);
});

test("FrontendMetrics.keepOnly() forgets backends that are gone, and nothing else", () => {
  const metrics = new FrontendMetrics();
  for (const backend of ["old", "kept", undefined]) {
    metrics.begun();
    metrics.finished(exchange({ backend }), 1500);
  }
  metrics.keepOnly(new Set(["kept"]));
  const requests = Object.keys(samples(metrics)).filter((name) => name.startsWith("requests_total"));
  assert.deepEqual(requests.map((name) => /backend="(\w*)"/.exec(name)![1]), ["kept", ""]);
});
