import assert from "node:assert/strict";
import { test } from "node:test";
import { StageMetrics } from "../../../src/message/stage-metrics.ts";

const NAME = "sluice_requests_total";
const GAUGE = "sluice_tunnels";
const WEB = { frontend: "web", route: "" };

function valuesOf(metrics: StageMetrics) {
  return [...metrics.samples()].map(({ name, labels, value }) => [name, labels, value]);
}

test("StageMetrics.at() gives counts and gauges the labels of their place and their own", () => {
  const metrics = new StageMetrics();
  const counts = metrics.at(WEB);
  counts.count(NAME, { result: "limited" }).value += 2;
  counts.gauge(GAUGE, () => 7);
  assert.deepEqual(valuesOf(metrics), [
    [NAME, { ...WEB, result: "limited" }, 2],
    [GAUGE, WEB, 7],
  ]);
});

test("StageMetrics has one sample for what is shown twice under the same labels", () => {
  const metrics = new StageMetrics();
  const [one, other] = [metrics.at(WEB), metrics.at({ ...WEB })];
  one.count(NAME).value++;
  other.count(NAME).value++;
  one.gauge(GAUGE, () => 1);
  other.gauge(GAUGE, () => 2);
  assert.deepEqual(valuesOf(metrics), [[NAME, WEB, 2], [GAUGE, WEB, 3]]);
});

test("StageMetrics goes on with the counts of the config before, and forgets those that are gone", () => {
  const before = new StageMetrics();
  const count = before.at(WEB).count(NAME);
  before.at({ frontend: "gone", route: "" }).count(NAME);
  before.at(WEB).gauge(GAUGE, () => 1);
  const after = new StageMetrics(before);
  assert.equal(after.at(WEB).count(NAME), count);
  count.value++; // a request of the config before ends
  assert.deepEqual(valuesOf(after), [[NAME, WEB, 1]]);
});
