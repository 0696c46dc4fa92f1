// The dashboard for Grafana in examples/grafana is what is made from the names of the metrics.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { dashboard } from "../../examples/grafana/dashboard.ts";
import { METRICS } from "../../src/observe/metric-names.ts";

const FILE = fileURLToPath(new URL("../../examples/grafana/sluice.json", import.meta.url));

test("examples/grafana/sluice.json is what its program makes", () => {
  const text = JSON.stringify(dashboard(), undefined, 2) + "\n";
  if (process.env["GOLDEN"] === "new") writeFileSync(FILE, text);
  assert.equal(readFileSync(FILE, "utf8"), text);
});

test("the dashboard for Grafana shows every metric, and no other", () => {
  const named = JSON.stringify(dashboard()).match(/\bsluice_\w+/g) ?? [];
  const stems = named.map((name) => name in METRICS ? name : name.replace(/_(?:bucket|sum|count)$/, ""));
  assert.deepEqual([...new Set(stems)].sort(), Object.keys(METRICS).sort());
});
