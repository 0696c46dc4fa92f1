/**
 * Sluice beside nginx, HAProxy and Caddy, and as a relay beside tinyproxy and squid, on this machine. See README.md.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { freePort } from "./launch.ts";
import { lineUp, type Runner } from "./line-up.ts";
import { runLoad } from "./load.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { startOrigin } from "./origin.ts";
import { race } from "./race.ts";
import { type Result, scenarioTable, summaryTable } from "./report.ts";
import { takesPart } from "./scenarios.ts";
import { Workspace } from "./workspace.ts";

/** The origin alone only shows where the ceiling is; one short run tells. */
const DIRECT_SECONDS = 1;

/** Bun's compiler needs about 3 s of load on fresh code. What the first scenario has warmed serves the others. */
const FIRST_WARM_UP_SECONDS = 3;
const WARM_UP_SECONDS = 1;

process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  let options: Options | undefined;
  try {
    options = parseOptions(args);
  } catch (error) {
    shout(`${messageOf(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  try {
    return await bench(options, new Workspace());
  } catch (error) {
    shout(messageOf(error));
    return 1;
  }
}

/** Returns the exit code: 1 when a proxy failed, or a request did. */
async function bench(options: Options, workspace: Workspace): Promise<number> {
  const startedMs = Date.now();
  const faults: string[] = [];
  const onFault = (line: string) => {
    faults.push(line);
    shout(line);
  };
  const originPort = await freePort();
  const originUrl = await startOrigin(workspace, originPort);
  const runners = await lineUp(workspace, {
    ...options,
    originPort,
    onAbsent: (line, fault) => fault ? onFault(line) : shout(line),
  });
  if (runners.length === 0) throw new Error("Cannot measure: no proxy is left");

  const heading = describe(options, runners);
  console.log(heading);
  const results: Result[] = [];
  for (const scenario of options.scenarios) {
    console.error(`measuring ${scenario.name} …`);
    const direct = await runLoad(workspace, { url: originUrl, scenario }, {
      ...options,
      seconds: DIRECT_SECONDS,
    });
    if (Object.keys(direct.failures).length > 0) {
      onFault(`${scenario.name}: the origin itself failed requests`);
    }
    const warmUpSeconds = results.length === 0 ? FIRST_WARM_UP_SECONDS : WARM_UP_SECONDS;
    const lanes = await race(workspace, {
      ...options,
      runners: runners.filter((runner) => takesPart(runner, scenario)),
      scenario,
      warmUpSeconds,
      onFault,
    });
    const result: Result = { scenario, direct, lanes };
    results.push(result);
    console.log(scenarioTable(result));
  }
  for (const mode of ["reverse", "relay"] as const) {
    const ofMode = results.filter(({ scenario }) => scenario.mode === mode);
    if (ofMode.length > 0) console.log(summaryTable(ofMode));
  }
  console.log(`Total time: ${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ startedMs, heading, faults, results }, null, 2)}\n`);
  }
  // Said again below the tables, where it is seen.
  for (const line of faults) shout(line);
  return faults.length > 0 ? 1 : 0;
}

/** What a reader has to know to judge the figures. */
function describe({ seconds, rounds, connections }: Options, runners: readonly Runner[]): string {
  const processors = cpus();
  const versions = runners.map(({ title, version }) => `${title} ${version}`.trim()).join(", ");
  return `${new Date().toISOString().slice(0, 10)}, ${processors.length} × ${processors[0]?.model.trim()}, ` +
    `Linux ${release()}; ${connections} connections, ${rounds} × ${seconds} s per figure; ${versions}\n`;
}

function shout(line: string): void {
  console.error(`!! ${line}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
