import { freePort } from "./launch.ts";
import { lineUp, type Runner } from "./line-up.ts";
import { runLoad } from "./load.ts";
import { machine } from "./machine.ts";
import type { Options } from "./options.ts";
import { startOrigin } from "./origin.ts";
import { race } from "./race.ts";
import { type Result, scenarioTable, summaryTable } from "./report.ts";
import { takesPart } from "./scenarios.ts";
import type { Workspace } from "./workspace.ts";

/** The origin alone only shows where the ceiling is; one short run tells. */
const DIRECT_SECONDS = 1;

/** Bun's compiler needs about 3 s of load on fresh code, longer on a slow machine, and each scenario goes ways of its own. */
const WARM_UP_SECONDS = 4;

/** Told about all that goes wrong; `fault` is false where a proxy is merely not installed. */
export type OnTrouble = (line: string, fault?: boolean) => void;

/** Measures all proxies side by side, and prints a table for each scenario and one of all. */
export async function compare(
  workspace: Workspace,
  options: Options,
  onTrouble: OnTrouble,
): Promise<Result[]> {
  const { originUrl, runners } = await startAll(workspace, options, onTrouble);
  console.log(machine(options, runners));
  const results: Result[] = [];
  for (const scenario of options.scenarios) {
    console.error(`measuring ${scenario.name} …`);
    const direct = await runLoad(workspace, { url: originUrl, scenario }, {
      ...options,
      seconds: DIRECT_SECONDS,
    });
    if (Object.keys(direct.failures).length > 0) {
      onTrouble(`${scenario.name}: the origin itself failed requests`);
    }
    const lanes = await race(workspace, {
      ...options,
      runners: runners.filter((runner) => takesPart(runner, scenario)),
      scenario,
      warmUpSeconds: WARM_UP_SECONDS,
      onFault: onTrouble,
    });
    const result: Result = { scenario, direct, lanes };
    results.push(result);
    console.log(scenarioTable(result));
  }
  for (const mode of ["reverse", "cache", "relay"] as const) {
    const ofMode = results.filter(({ scenario }) => scenario.mode === mode);
    if (ofMode.length > 0) console.log(summaryTable(ofMode));
  }
  return results;
}

/** Starts the origin and all proxies in front of it. Throws where none is left. */
export async function startAll(
  workspace: Workspace,
  options: Options,
  onTrouble: OnTrouble,
): Promise<{ originUrl: string; runners: Runner[] }> {
  const originPort = await freePort();
  const originUrl = await startOrigin(workspace, originPort);
  const runners = await lineUp(workspace, { ...options, originPort, onAbsent: onTrouble });
  if (runners.length === 0) throw new Error("Cannot measure: no proxy is left");
  return { originUrl, runners };
}
