import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { dashboard } from "../examples/grafana/dashboard.ts";
import { PROXY_ERROR_KINDS, statusOf } from "../src/base/errors.ts";
import * as request from "../src/message/incoming-request.ts";
import { COMPAT_METRICS } from "../src/observe/compat-names.ts";
import { METRICS } from "../src/base/metric-names.ts";
import * as gaps from "../src/net/gaps.ts";

const GRAFANA = fileURLToPath(new URL("../examples/grafana/sluice.json", import.meta.url));
const README = readFileSync(fileURLToPath(new URL("../README.md", import.meta.url)), "utf8");

/** First and second column of the table between two comments, head lines left out. */
function table(name: string): [string, string][] {
  const section = new RegExp(`<!-- ${name} -->([^]*?)<!-- /${name} -->`).exec(README)![1]!;
  return [...section.matchAll(/^\| `(\w+)`\s*\| ([^|]*?)\s*\|/gm)].map((match) => [match[1]!, match[2]!]);
}

test("the README lists every reason with its status", () => {
  const documented = table("reasons").sort();
  assert.deepEqual(documented, PROXY_ERROR_KINDS.map((kind) => [kind, String(statusOf(kind))]).sort());
});

test("the README lists every metric", () => {
  assert.deepEqual(table("metrics").map(([name]) => name).sort(), Object.keys(METRICS).sort());
});

test("the README lists every metric of predecessors", () => {
  assert.deepEqual(table("compat-metrics").map(([name]) => name).sort(), Object.keys(COMPAT_METRICS).sort());
});

test("the README lists every gap of a runtime", () => {
  const named = [...Object.keys(gaps), ...Object.keys(request)];
  const constants = named.filter((name) => name === name.toUpperCase());
  assert.deepEqual(table("gaps").map(([name]) => name).sort(), constants.sort());
});

test("examples/grafana/sluice.json is what its program makes", () => {
  const text = JSON.stringify(dashboard(), undefined, 2) + "\n";
  if (process.env["GOLDEN"] === "new") writeFileSync(GRAFANA, text);
  assert.equal(readFileSync(GRAFANA, "utf8"), text);
});

test("the dashboard for Grafana shows every metric, and no other", () => {
  const named = JSON.stringify(dashboard()).match(/\bsluice_\w+/g) ?? [];
  const stems = named.map((name) => name in METRICS ? name : name.replace(/_(?:bucket|sum|count)$/, ""));
  assert.deepEqual([...new Set(stems)].sort(), Object.keys(METRICS).sort());
});
