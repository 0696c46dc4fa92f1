import { type OnTrouble, startAll } from "../comparison.ts";
import type { Runner } from "../line-up.ts";
import { runLoad } from "../load.ts";
import { machine } from "../machine.ts";
import { markdownTable } from "../markdown-table.ts";
import { median } from "../median.ts";
import type { Options } from "../options.ts";
import { ROOT } from "../root.ts";
import { programArgs, RUNTIME_ENV, runtimePath } from "../runtime.ts";
import { type Scenario, takesPart } from "../scenarios.ts";
import type { Workspace } from "../workspace.ts";
import type { OpenResult } from "./open-load.ts";

const OPEN_LOAD = `${ROOT}bench/tail/open-load.ts`;
const WARM_UP_SECONDS = 3;
/** Part of what a proxy can do at most. */
const SHARE = 0.5;
/** An answer that comes too late for all others to be waited for; so many may be missing at the end of a run. */
const GRACE_MS = 10_000;

/** Who is asked, and how often a second. */
interface TailLane {
  title: string;
  url: string;
  rate: number;
  results: OpenResult[];
}

/**
 * Finds out how much each proxy can do, and measures latency at a constant rate of half of it, in turn; prints a table per
 * scenario. The origin alone gets the highest of these rates: what it shows is the share of the client and the machine.
 */
export async function compareTails(
  workspace: Workspace,
  options: Options,
  onTrouble: OnTrouble,
): Promise<unknown> {
  const { originUrl, runners } = await startAll(workspace, options, onTrouble);
  console.log(machine(options, runners));
  const results: { scenario: string; lanes: readonly TailLane[] }[] = [];
  for (const scenario of options.scenarios) {
    console.error(`measuring ${scenario.name} …`);
    const lanes: TailLane[] = [];
    for (const runner of runners.filter((one) => takesPart(one, scenario))) {
      lanes.push(await enter(workspace, { runner, scenario, options }));
    }
    const rate = Math.max(...lanes.map((lane) => lane.rate));
    lanes.push({ title: "origin, no proxy", url: originUrl + scenario.path, rate, results: [] });
    for (let round = 1; round <= options.rounds; round++) {
      for (const lane of round % 2 === 1 ? lanes : lanes.toReversed()) {
        const result = await press(workspace, { lane, scenario, options });
        if (result.failed > 0) {
          onTrouble(`${scenario.name}, ${lane.title}: failed requests: ${result.failed}`);
        }
        lane.results.push(result);
      }
    }
    console.log(tailTable(scenario, lanes));
    results.push({ scenario: scenario.name, lanes });
  }
  return results;
}

/** Warms a proxy up, and asks for as much as it can do. */
async function enter(
  workspace: Workspace,
  { runner, scenario, options }: { runner: Runner; scenario: Scenario; options: Options },
): Promise<TailLane> {
  await runLoad(workspace, { url: runner.url, scenario }, { ...options, seconds: WARM_UP_SECONDS });
  const { requests, wallMs } = await runLoad(workspace, { url: runner.url, scenario }, options);
  const rate = Math.max(1, Math.floor(requests / (wallMs / 1000) * SHARE));
  return { title: runner.title, url: runner.url + scenario.path, rate, results: [] };
}

async function press(
  workspace: Workspace,
  { lane, scenario, options }: { lane: TailLane; scenario: Scenario; options: Options },
): Promise<OpenResult> {
  const executable = runtimePath("bun");
  if (executable === undefined) throw new Error("Cannot measure: bun is missing: npm install");
  const { seconds, connections } = options;
  const child = workspace.spawn({
    executable,
    args: [
      ...programArgs("bun", OPEN_LOAD),
      lane.url,
      String(lane.rate),
      String(seconds),
      String(connections),
      JSON.stringify(scenario.headers ?? {}),
    ],
    env: RUNTIME_ENV,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => output += text);
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000 + GRACE_MS);
  await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  clearTimeout(timer);
  const line = output.split("\n").find((text) => text.startsWith("{"));
  if (line === undefined) throw new Error(`The load client gave no report: ${output.trim() || "no output"}`);
  return JSON.parse(line);
}

function tailTable(scenario: Scenario, lanes: readonly TailLane[]): string {
  const rows = lanes.map(({ title, rate, results }) => {
    const middle = (field: keyof OpenResult) => median(results.map((result) => result[field])).toFixed(2);
    return [title, String(rate), middle("p50Ms"), middle("p99Ms"), middle("p999Ms"), middle("maxMs")];
  });
  const header = ["proxy", "req/s", "p50 ms", "p99 ms", "p99.9 ms", "highest"];
  return `### \`${scenario.name}\` at half of what each can do\n\n${markdownTable(header, rows)}`;
}
