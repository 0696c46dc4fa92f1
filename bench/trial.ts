import { openIdleConnections } from "./idle-connections.ts";
import type { Contestant } from "./contestant.ts";
import { lineUp } from "./line-up.ts";
import { freePort } from "./launch.ts";
import { markdownTable } from "./markdown-table.ts";
import { median } from "./median.ts";
import type { Options } from "./options.ts";
import { startOrigin } from "./origin.ts";
import { type Lane, race } from "./race.ts";
import type { Workspace } from "./workspace.ts";

/** Configurations of Sluice on one runtime that are measured in turn; the others are compared with the first. */
export interface Trial {
  title: string;
  contestants: readonly Contestant[];
}

/** Bun's compiler needs about 3 s of load on fresh code, and each trial starts fresh processes. */
const WARM_UP_SECONDS = 3;

/** Measures one trial after the other in each scenario, its processes alone on the machine, and prints their tables. */
export async function measureTrials(
  workspace: Workspace,
  { trials, addresses = [], ...options }: Options & {
    trials: readonly Trial[];
    addresses?: readonly string[];
  },
  onTrouble: (line: string, fault?: boolean) => void,
): Promise<unknown> {
  const originPort = await freePort();
  await startOrigin(workspace, originPort, addresses);
  const results: { trial: string; scenario: string; lanes: readonly Lane[] }[] = [];
  for (const { title, contestants } of trials) {
    console.error(`measuring ${title} …`);
    const runners = await lineUp(workspace, { ...options, contestants, originPort, onAbsent: onTrouble });
    const ends = await Promise.all(contestants.map(async ({ name, idleConnections }) => {
      const runner = runners.find((one) => one.name === name);
      if (runner === undefined || idleConnections === undefined) return () => {};
      return await openIdleConnections(runner.url, idleConnections);
    }));
    for (const scenario of options.scenarios) {
      const lanes = await race(workspace, {
        ...options,
        runners,
        scenario,
        warmUpSeconds: WARM_UP_SECONDS,
        onFault: onTrouble,
      });
      console.log(trialTable(`${title}, \`${scenario.name}\``, lanes));
      results.push({ trial: title, scenario: scenario.name, lanes });
    }
    for (const end of ends) end();
    for (const { pid } of runners) workspace.stop(pid);
  }
  return results;
}

function trialTable(title: string, lanes: readonly Lane[]): string {
  const cpu = lanes.map(({ samples }) => median(samples.map((sample) => sample.cpuMicrosPerRequest)));
  const rows = lanes.map(({ runner, samples }, i) => {
    if (samples.length === 0) return [runner.title, "failed"];
    const added = i === 0 ? NaN : cpu[i]! - cpu[i - 1]!;
    const values = samples.map((sample) => sample.cpuMicrosPerRequest);
    return [
      runner.title,
      cpu[i]!.toFixed(1),
      Number.isNaN(added) ? "–" : added.toFixed(1),
      `${(cpu[i]! / cpu[0]!).toFixed(2)}×`,
      `${((Math.max(...values) - Math.min(...values)) / cpu[i]! * 100).toFixed(0)} %`,
      median(samples.map((sample) => sample.cores)).toFixed(2),
      (median(samples.map((sample) => sample.rssBytes)) / 2 ** 20).toFixed(0),
    ];
  });
  const header = ["configuration", "CPU µs/req", "more than above", "× first", "spread", "cores", "RSS MiB"];
  return `### ${title}\n\n${markdownTable(header, rows)}`;
}
