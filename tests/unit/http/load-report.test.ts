import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLoadReport } from "../../../src/http/load-report.ts";

const reports: [value: string, utilization: number | undefined][] = [
  ["TEXT cpu_utilization=0.3", 0.3],
  ["TEXT cpu_utilization=0.3,mem_utilization=0.8,rps_fractional=10.5", 0.3],
  ["TEXT mem_utilization=0.8,cpu_utilization=0.3", 0.3],
  ["TEXT  cpu_utilization = 0.3 , application_utilization = 0.6", 0.6],
  ["TEXT cpu_utilization=0.3,application_utilization=0", 0.3],
  ["TEXT cpu_utilization=0", 0],
  ["TEXT application_utilization=0", 0],
  ["TEXT cpu_utilization=1.7", 1],
  ["TEXT cpu_utilization=.5", 0.5],
  ["TEXT cpu_utilization=5e-1", 0.5],
  ["TEXT cpu_utilization=1.", 1],
  ["TEXT\tcpu_utilization=1e999", 1],
  ["TEXT named_metrics.queue=0.4,cpu_utilization=0.2", 0.2],
  ['JSON {"cpu_utilization": 0.3, "mem_utilization": 0.8}', 0.3],
  ['JSON {"cpuUtilization": 0.3}', 0.3],
  ['JSON {"application_utilization": 0.6, "cpu_utilization": 0.3}', 0.6],
  ['JSON {"applicationUtilization": 0, "cpuUtilization": 0.3}', 0.3],
  ['JSON {"cpu_utilization": 0, "named_metrics": {"cpu_utilization": 1}}', 0],
  ['JSON {"cpu_utilization": 1e999}', 1],
  // Nothing that can be used.
  ["", undefined],
  ["TEXT", undefined],
  ["TEXT ", undefined],
  ["cpu_utilization=0.3", undefined],
  ["text cpu_utilization=0.3", undefined],
  ["BIN CQAAAAAAAOA/", undefined],
  ["XTEXT cpu_utilization=0.3", undefined],
  ["TEXT mem_utilization=0.8", undefined],
  ["TEXT cpu_utilization", undefined],
  ["TEXT cpu_utilization=", undefined],
  ["TEXT cpu_utilization=-0.3", undefined],
  ["TEXT cpu_utilization=NaN", undefined],
  ["TEXT cpu_utilization=Infinity", undefined],
  ["TEXT cpu_utilization=0x1", undefined],
  ["TEXT cpu_utilization=0.3.1", undefined],
  ["TEXT cpu_utilization=0.3 x", undefined],
  ["TEXT CPU_UTILIZATION=0.3", undefined],
  ["TEXT =0.3", undefined],
  ["TEXT ,,,=,=", undefined],
  ["TEXT __proto__=1,constructor=1,toString=1", undefined],
  ["JSON", undefined],
  ["JSON {", undefined],
  ["JSON null", undefined],
  ["JSON 0.5", undefined],
  ['JSON "cpu_utilization"', undefined],
  ["JSON [0.5]", undefined],
  ['JSON {"cpu_utilization": "0.3"}', undefined],
  ['JSON {"cpu_utilization": -1}', undefined],
  ['JSON {"cpu_utilization": null}', undefined],
  ['JSON {"__proto__": {"cpu_utilization": 0.3}}', undefined],
  [`JSON ${"[".repeat(4000)}`, undefined],
  [`TEXT cpu_utilization=${"1".repeat(4000)}x`, undefined],
];
for (const [value, utilization] of reports) {
  test(`parseLoadReport() of ${value.slice(0, 70)} is ${utilization}`, () => {
    assert.equal(parseLoadReport(value), utilization);
  });
}

test("parseLoadReport() reads 4096 characters, and nothing longer", () => {
  const report = "TEXT cpu_utilization=0.3,x=";
  assert.equal(parseLoadReport(report.padEnd(4096, "1")), 0.3);
  assert.equal(parseLoadReport(report.padEnd(4097, "1")), undefined);
});

test("parseLoadReport() takes no time worth the name for what is as long as it may be", () => {
  const started = performance.now();
  for (const unit of ["1", "0.", "1e", ",", "=", "a=1,", " ", "{", '{"a":', "\\"]) {
    for (const format of ["TEXT ", "JSON ", "TEXT cpu_utilization="]) {
      parseLoadReport((format + unit.repeat(4096)).slice(0, 4096));
    }
  }
  assert.ok(performance.now() - started < 1000);
});
