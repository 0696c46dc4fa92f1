import assert from "node:assert/strict";
import { test } from "node:test";
import { metricsPage, MetricsPages, type MetricsSources } from "../../../src/admin/metrics.ts";
import type { Backend } from "../../../src/backend/backend.ts";
import { OPENMETRICS, TEXT_FORMAT } from "../../../src/observe/exposition-format.ts";
import { ServerRecord } from "../../../src/backend/record.ts";
import { FrontendMetrics } from "../../../src/observe/frontend-metrics.ts";
import { Histogram } from "../../../src/observe/histogram.ts";
import { Traffic } from "../../../src/observe/traffic.ts";
import { StageMetrics } from "../../../src/message/stage-metrics.ts";
import type { Steps } from "../../../src/net/steps.ts";
import { parseMetrics } from "../../support/metrics-parser.ts";
import { parseOpenMetrics } from "../../support/openmetrics-parser.ts";

/** What was counted of a server that gave so many good answers. */
function recordOf(answers: number): ServerRecord {
  const record = new ServerRecord();
  record.answers[2] = answers;
  return record;
}

// deno-lint-ignore require-yield
function* noConnections(): Steps<ReadonlyMap<string, number>> {
  return new Map([["idle", 0]]);
}

/** A proxy with so many servers, as far as its metrics go. */
function sourcesOf(servers: number): MetricsSources {
  const server = (i: number) => ({
    name: `http://10.0.0.1:${i}`,
    inFlight: 0,
    weight: 1,
    pool: { size: 0, unused: 0, waiting: 0 },
    tunnels: { size: 0 },
    health: { up: true },
    passive: { isEjected: () => false },
    record: recordOf(7),
  });
  const backend = {
    name: "app",
    inFlight: 0,
    available: [],
    servers: Array.from({ length: servers }, (_, i) => server(i)),
  };
  return {
    build: { version: "1", runtime: "r" },
    frontends: new Map([["web", new FrontendMetrics()]]),
    backends: () => [backend as unknown as Backend],
    compat: false,
    gone: new Traffic(),
    straightRequests: () => 0,
    probes: { all: 0, passed: 0 },
    connections: noConnections,
    loopDelay: new Histogram(),
    spans: { sent: 0, lost: new Map(), waiting: 0 },
    lostLines: 3,
    cache: undefined,
    stages: new StageMetrics(),
    reloads: { done: 0, failed: 0, last: undefined, takenOverAt: 0 },
  };
}

function textOf(page: Uint8Array): string {
  return new TextDecoder().decode(page);
}

test("MetricsPages.next() lets others have their turn while it collects thousands of servers", async () => {
  let over = false;
  let turns = 0;
  const bystander = () => {
    turns++;
    if (!over) setTimeout(bystander, 0);
  };
  const page = new MetricsPages(() => sourcesOf(3000)).next(TEXT_FORMAT);
  setTimeout(bystander, 0);
  const text = textOf(await page);
  over = true;
  assert.ok(turns >= 2, `${turns} turns`);
  assert.equal(text.match(/^sluice_server_up\{.*\} 1$/gm)?.length, 3000);
  const ofOne =
    'sluice_server_response_seconds_bucket{backend="app",server="http://10.0.0.1:7",le="+Inf"} 0\n';
  assert.ok(text.includes(ofOne));
});

test("MetricsPages.next() says what metricsPage() says", async () => {
  const withoutClock = (text: string) => text.replace(/^sluice_(?:cpu|resident).*$/gm, "");
  const sources = sourcesOf(3);
  const page = await new MetricsPages(() => sources).next(TEXT_FORMAT);
  assert.equal(withoutClock(textOf(page)), withoutClock(metricsPage(sources, TEXT_FORMAT)));
});

test("metricsPage() says the same in both formats", () => {
  const sources = sourcesOf(3);
  const valuesOf = (families: ReturnType<typeof parseMetrics>) =>
    [...families.values()].map(({ name, help, samples }) => [
      name,
      help,
      samples.filter(() => !/cpu|resident/.test(name)).map(({ labels: { le, ...labels }, value, name }) => [
        name,
        labels,
        le === undefined || le === "+Inf" ? le : Number(le),
        value,
      ]),
    ]);
  const text = parseMetrics(metricsPage(sources, TEXT_FORMAT));
  const openMetrics = parseOpenMetrics(metricsPage(sources, OPENMETRICS));
  assert.deepEqual(valuesOf(openMetrics), valuesOf(text));
  assert.equal(openMetrics.get("sluice_build_info")!.type, "gauge");
});

test("MetricsPages.next() makes two pages for all who ask while one is made, also where it fails", async () => {
  let asked = 0;
  const pages = new MetricsPages(() => {
    asked++;
    return sourcesOf(1000);
  });
  await Promise.all(Array.from({ length: 50 }, () => pages.next(TEXT_FORMAT)));
  assert.equal(asked, 2);
  await pages.next(TEXT_FORMAT);
  assert.equal(asked, 3);
  let fails = true;
  const failing = new MetricsPages(() => ({
    ...sourcesOf(1),
    connections: () => {
      if (fails) throw new Error("not now");
      return noConnections();
    },
  }));
  const results = await Promise.allSettled([failing.next(TEXT_FORMAT), failing.next(TEXT_FORMAT)]);
  assert.deepEqual(results.map(({ status }) => status), ["rejected", "rejected"]);
  fails = false;
  assert.ok(textOf(await failing.next(TEXT_FORMAT)).includes("sluice_connections 0\n"));
});

test("metricsPage() has what stages count", () => {
  const stages = new StageMetrics();
  stages.at({ frontend: "web", route: "route /a" }).count("sluice_retries_total", { result: "x" }).value = 3;
  const page = metricsPage({ ...sourcesOf(0), stages }, TEXT_FORMAT);
  assert.ok(page.includes('\nsluice_retries_total{frontend="web",route="route /a",result="x"} 3\n'));
});
