/**
 * Measures Sluice on this machine. See README.md.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { compare, type OnTrouble } from "./comparison.ts";
import { growthTrials, NGINX_GROWTH, ORIGIN_ADDRESSES } from "./growth.ts";
import { compareInside } from "./inside/compare.ts";
import { layerTrials } from "./layers.ts";
import { type Measurement, type Options, parseOptions, USAGE } from "./options.ts";
import type { Runtime } from "./runtime.ts";
import { compareTails } from "./tail/compare.ts";
import { measureTrials } from "./trial.ts";
import { Workspace } from "./workspace.ts";

/** Who answers each measurement, prints the tables, and returns all figures. */
const MEASUREMENTS: Readonly<
  Record<Measurement, (workspace: Workspace, options: Options, onTrouble: OnTrouble) => Promise<unknown>>
> = {
  comparison: compare,
  inside: compareInside,
  tail: compareTails,
  layers: (workspace, options, onTrouble) =>
    measureTrials(workspace, { ...options, trials: layerTrials(runtimesOf(options)) }, onTrouble),
  growth: (workspace, options, onTrouble) =>
    measureTrials(
      workspace,
      {
        ...options,
        trials: [
          ...options.contestants.some(({ name }) => name === "nginx") ? [NGINX_GROWTH] : [],
          ...growthTrials(runtimesOf(options)),
        ],
        addresses: ORIGIN_ADDRESSES,
      },
      onTrouble,
    ),
};

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
  const onTrouble: OnTrouble = (line, fault = true) => {
    if (fault) faults.push(line);
    shout(line);
  };
  const results = await MEASUREMENTS[options.measurement](workspace, options, onTrouble);
  console.log(`Total time: ${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ startedMs, faults, results }, null, 2)}\n`);
  }
  // Said again below the tables, where it is seen.
  for (const line of faults) shout(line);
  return faults.length > 0 ? 1 : 0;
}

function shout(line: string): void {
  console.error(`!! ${line}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function runtimesOf({ contestants }: Options): Runtime[] {
  return contestants.flatMap(({ program }) => program?.runtime ?? []);
}
