import assert from "node:assert/strict";
import { test } from "node:test";
import { OPENMETRICS, preferredFormat, TEXT_FORMAT } from "../../../src/observe/exposition-format.ts";

const PROMETHEUS_3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5," +
  "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

const LIKED: [accept: string | undefined, openMetrics: boolean][] = [
  [undefined, false],
  ["", false],
  ["*/*", false],
  ["text/html,application/xhtml+xml,*/*;q=0.8", false],
  ["image/png", false],
  ["text/plain", false],
  ["application/*", true],
  ["application/openmetrics-text", true],
  ["application/openmetrics-text; version=1.0.0", true],
  ["Application/OpenMetrics-Text; charset=utf-8; Version=1.0.0; q=0.1", true],
  ['application/openmetrics-text; version="1.0.0"', true],
  ["application/openmetrics-text; version=0.0.1", false],
  ["application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", false],
  ["application/openmetrics-text; version=2.0.0, text/plain;q=0.1", false],
  ["application/openmetrics-text;version=1.0.0;q=0.5, text/plain;q=0.9", false],
  ["application/openmetrics-text;version=1.0.0;q=0", false],
  [PROMETHEUS_3, true],
];
for (const [accept, openMetrics] of LIKED) {
  test(`preferredFormat() is ${openMetrics ? "OpenMetrics" : "text"} for ${accept ?? "no Accept"}`, () => {
    assert.equal(preferredFormat(accept), openMetrics ? OPENMETRICS : TEXT_FORMAT);
  });
}

const HEADS: [name: string, type: "counter" | "gauge" | "histogram", lines: string[]][] = [
  ["a_total", "counter", ["# TYPE a counter", "# HELP a Help."]],
  ["a_bytes_total", "counter", ["# TYPE a_bytes counter", "# UNIT a_bytes bytes", "# HELP a_bytes Help."]],
  ["a_seconds", "histogram", [
    "# TYPE a_seconds histogram",
    "# UNIT a_seconds seconds",
    "# HELP a_seconds Help.",
  ]],
  ["a_info", "gauge", ["# TYPE a info", "# HELP a Help."]],
  ["requests_failed", "counter", ["# TYPE requests_failed unknown", "# HELP requests_failed Help."]],
];
for (const [name, type, lines] of HEADS) {
  test(`OPENMETRICS.head() of the ${type} ${name} is ${lines.join(", ")}`, () => {
    assert.equal(OPENMETRICS.head(name, { type, help: "Help." }), lines.join("\n") + "\n");
  });
}
