import type { LoadResult } from "./load.ts";
import { median } from "./median.ts";
import type { Lane } from "./race.ts";
import type { Sample } from "./sample.ts";
import type { Scenario } from "./scenarios.ts";

/** What one scenario gave. */
export interface Result {
  scenario: Scenario;
  /** The origin without a proxy. */
  direct: LoadResult;
  lanes: readonly Lane[];
}

const MIB = 1024 * 1024;
const REFERENCE = "nginx";
const NONE = "–";

/** The Markdown table of one scenario. */
export function scenarioTable({ scenario, direct, lanes }: Result): string {
  const reference = referenceCpu(lanes);
  const rows = lanes.map(({ runner, samples }) => {
    if (samples.length === 0) return [runner.title, "failed"];
    const cpu = medianOf(samples, "cpuMicrosPerRequest");
    return [
      runner.title,
      medianOf(samples, "requestsPerSecond").toFixed(0),
      medianOf(samples, "p50Ms").toFixed(2),
      medianOf(samples, "p99Ms").toFixed(2),
      cpu.toFixed(1),
      ratio(cpu, reference),
      spread(samples.map((sample) => sample.cpuMicrosPerRequest)),
      medianOf(samples, "cores").toFixed(2),
      (medianOf(samples, "rssBytes") / MIB).toFixed(0),
      (Math.max(...samples.map((sample) => sample.peakBytes)) / MIB).toFixed(0),
    ];
  });
  rows.push([
    "origin, no proxy",
    (direct.requests / (direct.wallMs / 1000)).toFixed(0),
    direct.p50Ms.toFixed(2),
    direct.p99Ms.toFixed(2),
  ]);
  const header = [
    "proxy",
    "req/s",
    "p50 ms",
    "p99 ms",
    "CPU µs/req",
    `× ${REFERENCE}`,
    "spread",
    "cores",
    "RSS MiB",
    "peak MiB",
  ];
  return `### \`${scenario.name}\`: ${scenario.title}\n\n${table(header, rows)}`;
}

/** The Markdown table of all scenarios: CPU per request, and its ratio to nginx's. */
export function summaryTable(results: readonly Result[]): string {
  const titles = new Set(results.flatMap(({ lanes }) => lanes.map(({ runner }) => runner.title)));
  const rows = [...titles].map((title) => {
    const cells = results.map(({ lanes }) => {
      const samples = lanes.find(({ runner }) => runner.title === title)?.samples ?? [];
      if (!lanes.some(({ runner }) => runner.title === title)) return NONE;
      if (samples.length === 0) return "failed";
      const cpu = medianOf(samples, "cpuMicrosPerRequest");
      return `${cpu.toFixed(1)} (${ratio(cpu, referenceCpu(lanes))})`;
    });
    return [title, ...cells];
  });
  const header = ["proxy", ...results.map(({ scenario }) => scenario.name)];
  return `### CPU per request in µs (ratio to ${REFERENCE})\n\n${table(header, rows)}`;
}

function referenceCpu(lanes: readonly Lane[]): number | undefined {
  const samples = lanes.find(({ runner }) => runner.name === REFERENCE)?.samples ?? [];
  return samples.length === 0 ? undefined : medianOf(samples, "cpuMicrosPerRequest");
}

function ratio(value: number, reference: number | undefined): string {
  return reference === undefined ? NONE : `${(value / reference).toFixed(2)}×`;
}

/** Distance from the lowest to the highest round, as a share of the median. */
function spread(values: readonly number[]): string {
  if (values.length < 2) return NONE;
  return `${((Math.max(...values) - Math.min(...values)) / median(values) * 100).toFixed(0)} %`;
}

function medianOf(samples: readonly Sample[], field: Exclude<keyof Sample, "failures">): number {
  return median(samples.map((sample) => sample[field]));
}

/** Missing cells at the end of a row become dashes. The first column is text, the others are numbers. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map((_, i) => i === 0 ? "---" : "--:"), ...rows]
    .map((row) => `| ${header.map((_, i) => row[i] ?? NONE).join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}
