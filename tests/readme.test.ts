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

/** First and second column of a page's table between two comments, head lines left out. */
function table(page: string, name: string): [string, string][] {
  const text = readFileSync(fileURLToPath(new URL(`../docs/${page}`, import.meta.url)), "utf8");
  const section = new RegExp(`<!-- ${name} -->([^]*?)<!-- /${name} -->`).exec(text)![1]!;
  return [...section.matchAll(/^\| `(\w+)`\s*\| ([^|]*?)\s*\|/gm)].map((match) => [match[1]!, match[2]!]);
}

test("docs/operating.md lists every reason with its status", () => {
  const documented = table("operating.md", "reasons").sort();
  assert.deepEqual(documented, PROXY_ERROR_KINDS.map((kind) => [kind, String(statusOf(kind))]).sort());
});

test("docs/operating.md lists every metric", () => {
  assert.deepEqual(
    table("operating.md", "metrics").map(([name]) => name).sort(),
    Object.keys(METRICS).sort(),
  );
});

test("docs/operating.md lists every metric of predecessors", () => {
  assert.deepEqual(
    table("operating.md", "compat-metrics").map(([name]) => name).sort(),
    Object.keys(COMPAT_METRICS).sort(),
  );
});

test("docs/runtimes.md lists every gap of a runtime", () => {
  const named = [...Object.keys(gaps), ...Object.keys(request)];
  const constants = named.filter((name) => name === name.toUpperCase());
  assert.deepEqual(table("runtimes.md", "gaps").map(([name]) => name).sort(), constants.sort());
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
