import { readFileSync } from "node:fs";
import type { Contestant } from "../contestant.ts";
import { logTail } from "../log-tail.ts";
import { markdownTable } from "../markdown-table.ts";
import { median } from "../median.ts";
import type { Options } from "../options.ts";
import { ROOT } from "../root.ts";
import { programArgs, runtimePath } from "../runtime.ts";
import type { Scenario } from "../scenarios.ts";
import type { Workspace } from "../workspace.ts";
import { CLIENTS_PORT } from "./fake-net.ts";
import type { InsideResult } from "./measure.ts";

const MEASURE = `${ROOT}bench/inside/measure.ts`;
/** Time that a launch gets beyond what it measures. */
const GRACE_MS = 30_000;
/** Nobody listens on any of the other ports. */
const PLACE = { port: CLIENTS_PORT, originPort: 9, adminPort: 2, connections: 0 };

/** What the launches of one proxy in one scenario gave. */
interface InsideLane {
  contestant: Contestant;
  results: InsideResult[];
}

/**
 * Measures proxies between fake sockets, each launch in a process of its own, one after another and in turn; prints a
 * table per scenario. What a neighbour on the machine takes is missing in the fastest batches.
 */
export async function compareInside(
  workspace: Workspace,
  { contestants, scenarios, rounds, seconds }: Options,
  onFault: (line: string) => void,
): Promise<unknown> {
  const results: { scenario: string; lanes: { name: string; results: InsideResult[] }[] }[] = [];
  for (const scenario of scenarios) {
    console.error(`measuring ${scenario.name} …`);
    const lanes = contestants.map((contestant): InsideLane => ({ contestant, results: [] }));
    for (let round = 1; round <= rounds; round++) {
      for (const lane of round % 2 === 1 ? lanes : lanes.toReversed()) {
        try {
          lane.results.push(await launchOnce(workspace, lane.contestant, { scenario, seconds }));
        } catch (error) {
          onFault(
            `${scenario.name}, ${lane.contestant.title}: ${error instanceof Error ? error.message : error}`,
          );
        }
      }
    }
    console.log(insideTable(scenario, lanes));
    results.push({
      scenario: scenario.name,
      lanes: lanes.map((lane) => ({ name: lane.contestant.name, results: lane.results })),
    });
  }
  return results;
}

async function launchOnce(
  workspace: Workspace,
  contestant: Contestant,
  { scenario, seconds }: { scenario: Scenario; seconds: number },
): Promise<InsideResult> {
  const { name, program, remedy } = contestant;
  const executable = program === undefined ? undefined : runtimePath(program.runtime);
  if (program === undefined || executable === undefined) throw new Error(`the runtime is missing: ${remedy}`);
  const directory = workspace.folder(name);
  const place = { ...PLACE, directory };
  const configPath = workspace.write(`${name}/inside.toml`, contestant.config(place));
  const resultPath = workspace.write(`${name}/result.json`, "");
  const logPath = `${directory}/log`;
  const child = workspace.spawn({
    executable,
    args: [
      ...programArgs(program.runtime, MEASURE),
      resultPath,
      scenario.name,
      String(seconds),
      program.path,
      ...contestant.args(configPath, place),
    ],
    env: contestant.env?.(place) ?? {},
    logPath,
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000 + GRACE_MS);
  await new Promise((resolve, reject) => child.once("exit", resolve).once("error", reject));
  clearTimeout(timer);
  const text = readFileSync(resultPath, "utf8");
  if (text === "") throw new Error(`it gave no result\n${logTail(logPath)}`);
  return JSON.parse(text);
}

function insideTable(scenario: Scenario, lanes: readonly InsideLane[]): string {
  const rows = lanes.map(({ contestant: { title, before }, results }) => {
    if (results.length === 0) return [title, "failed"];
    const micros = median(results.map(({ p5Micros }) => p5Micros));
    const earlier = lanes.find((lane) => lane.contestant.name === before)?.results ?? [];
    const ratio = micros / median(earlier.map(({ p5Micros }) => p5Micros));
    const heap = results.flatMap(({ heapBytes }) => heapBytes ?? []);
    return [
      title,
      micros.toFixed(2),
      Number.isNaN(ratio) ? "–" : `${ratio.toFixed(2)}×`,
      Math.min(...results.map(({ p5Micros }) => p5Micros)).toFixed(2),
      median(results.map(({ p50Micros }) => p50Micros)).toFixed(2),
      heap.length === 0 ? "–" : median(heap).toFixed(0),
    ];
  });
  const header = ["proxy", "µs/req", "× before", "best launch", "middle batch", "heap bytes/req"];
  return `### \`${scenario.name}\`, between fake sockets\n\n${markdownTable(header, rows)}`;
}
