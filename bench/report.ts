import type { LoadResult } from "./load-order.ts";
import { markdownTable } from "./markdown-table.ts";
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
/** Who the others are compared with. */
const REFERENCE = { reverse: "nginx", cache: "nginx-cache", relay: "squid" } as const;
const NONE = "–";

/** A column of a scenario's table: what stands above it, a proxy's figure, and the origin's. */
interface Column {
  header: string;
  proxy(lane: Lane): string;
  origin?: (direct: LoadResult) => string;
}

/** The Markdown table of one scenario. */
export function scenarioTable({ scenario, direct, lanes }: Result): string {
  const columns = columnsOf(scenario, lanes);
  const rows = lanes.map((lane) =>
    lane.samples.length === 0
      ? [lane.runner.title, "failed"]
      : [lane.runner.title, ...columns.map(({ proxy }) => proxy(lane))]
  );
  rows.push(["origin, no proxy", ...columns.map(({ origin }) => origin?.(direct) ?? NONE)]);
  const header = ["proxy", ...columns.map(({ header }) => header)];
  return `### \`${scenario.name}\`: ${scenario.title}\n\n${markdownTable(header, rows)}`;
}

function columnsOf({ unit, mode }: Scenario, lanes: readonly Lane[]): Column[] {
  const reference = referenceCpu(lanes);
  const rate: Column = {
    header: `${unit}/s`,
    proxy: ({ samples }) => medianOf(samples, "requestsPerSecond").toFixed(0),
    origin: ({ requests, wallMs }) => (requests / (wallMs / 1000)).toFixed(0),
  };
  const latencies = ([["p50 ms", "p50Ms"], ["p99 ms", "p99Ms"]] as const).map(([header, field]): Column => ({
    header,
    proxy: ({ samples }) => medianOf(samples, field).toFixed(2),
    origin: (direct) => direct[field].toFixed(2),
  }));
  const perCpuSecond: Column = {
    header: `${unit}/CPU s`,
    proxy: ({ samples }) => (1_000_000 / medianOf(samples, "cpuMicrosPerRequest")).toFixed(0),
  };
  return [
    rate,
    ...(unit === "MiB" ? [perCpuSecond] : latencies),
    {
      header: `CPU µs/${unit}`,
      proxy: ({ samples }) => medianOf(samples, "cpuMicrosPerRequest").toFixed(1),
    },
    {
      header: `× ${REFERENCE[mode]}`,
      proxy: ({ samples }) => ratio(medianOf(samples, "cpuMicrosPerRequest"), reference),
    },
    ...floorColumn(mode, lanes),
    {
      header: "spread",
      proxy: ({ samples }) => spread(samples.map((sample) => sample.cpuMicrosPerRequest)),
    },
    { header: "cores", proxy: ({ samples }) => medianOf(samples, "cores").toFixed(2) },
    { header: "RSS MiB", proxy: ({ samples }) => (medianOf(samples, "rssBytes") / MIB).toFixed(0) },
    {
      header: "peak MiB",
      proxy: ({ samples }) => (Math.max(...samples.map((sample) => sample.peakBytes)) / MIB).toFixed(0),
    },
  ];
}

/** How far Sluice is from the forwarder that does the least on the same runtime. */
function floorColumn(mode: Scenario["mode"], lanes: readonly Lane[]): Column[] {
  if (mode !== "reverse") return [];
  return [{
    header: "× floor",
    proxy: ({ runner, samples }) =>
      ratio(medianOf(samples, "cpuMicrosPerRequest"), cpuOf(lanes, runner.floor)),
  }];
}

/** The Markdown table of all scenarios of a mode: CPU per request, and its ratio to the reference's. */
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
  const mode = results[0]?.scenario.mode ?? "reverse";
  const what = mode === "relay" ? "CPU of forward proxies per request, or MiB," : "CPU per request";
  return `### ${what} in µs (ratio to ${REFERENCE[mode]})\n\n${markdownTable(header, rows)}`;
}

function referenceCpu(lanes: readonly Lane[]): number | undefined {
  return cpuOf(lanes, lanes[0] === undefined ? undefined : REFERENCE[lanes[0].runner.mode]);
}

/** CPU per request of the proxy `name`, where it took part and was measured. */
function cpuOf(lanes: readonly Lane[], name: string | undefined): number | undefined {
  const samples = lanes.find(({ runner }) => runner.name === name)?.samples ?? [];
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
