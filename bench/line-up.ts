import { spawnSync } from "node:child_process";
import { ask } from "./ask.ts";
import { commandArgs, type Contestant } from "./contestant.ts";
import { freePort, launch } from "./launch.ts";
import { type Mode, type Scenario, takesPart } from "./scenarios.ts";
import type { Workspace } from "./workspace.ts";

/** A proxy that runs and gave the right answer to every scenario. */
export interface Runner {
  name: string;
  title: string;
  version: string;
  pid: number;
  url: string;
  /** What a forward proxy is asked for: the origin's URL. */
  relays: string | undefined;
  mode: Mode;
  toleratedFailures: readonly string[];
  /** Names of the scenarios that it takes part in; all without it. */
  scenarios: readonly string[] | undefined;
  /** Name of the forwarder that does the least on the same runtime. */
  floor: string | undefined;
  /** Where its stdout and stderr go. */
  logPath: string;
}

/** What `lineUp` needs besides the workspace. */
export interface LineUpOptions {
  contestants: readonly Contestant[];
  scenarios: readonly Scenario[];
  originPort: number;
  connections: number;
  /** Told about every proxy that is left out; `fault` is false where it is merely not installed. */
  onAbsent(line: string, fault: boolean): void;
}

/** Starts the proxies side by side and checks one answer of each scenario; who fails is reported and left out. */
export async function lineUp(workspace: Workspace, options: LineUpOptions): Promise<Runner[]> {
  const runners: Runner[] = [];
  for (const contestant of options.contestants) {
    if (!options.scenarios.some((scenario) => takesPart(contestant, scenario))) continue;
    const executable = contestant.executable();
    if (executable === undefined) {
      options.onAbsent(`${contestant.title} is missing and left out: ${contestant.remedy}`, false);
      continue;
    }
    try {
      runners.push(await startOne(workspace, { contestant, executable }, options));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      options.onAbsent(`${contestant.title} did not start and is left out: ${reason}`, true);
    }
  }
  return runners;
}

async function startOne(
  workspace: Workspace,
  { contestant, executable }: { contestant: Contestant; executable: string },
  { scenarios, originPort, connections }: LineUpOptions,
): Promise<Runner> {
  const { name, title, mode = "reverse", toleratedFailures = [] } = contestant;
  const directory = workspace.folder(name);
  const port = await freePort();
  const place = { directory, port, originPort, adminPort: await freePort(), connections };
  // The ending picks Sluice's parser; the other proxies do not look at it.
  const configPath = workspace.write(`${name}/config.toml`, contestant.config(place));
  const logPath = `${directory}/log`;
  const url = `http://127.0.0.1:${port}`;
  const relays = mode === "relay" ? `http://127.0.0.1:${originPort}` : undefined;
  const via = relays === undefined ? undefined : url;
  const pid = await launch(workspace, {
    command: {
      executable,
      args: commandArgs(contestant, configPath, place),
      env: contestant.env?.(place) ?? {},
      logPath,
    },
    url: relays ?? url,
    via,
  });
  for (const scenario of scenarios) {
    if (takesPart(contestant, scenario)) await checkAnswer(relays ?? url, scenario, via);
  }
  const version = readVersion(executable, contestant.versionArgs);
  return {
    name,
    title,
    version,
    pid,
    url,
    relays,
    mode,
    toleratedFailures,
    logPath,
    scenarios: contestant.scenarios,
    floor: mode === "relay" ? undefined : contestant.floor,
  };
}

/** wrk counts any answer below 400 of any length as a success, so the right one is asked for here. */
async function checkAnswer(
  url: string,
  { path, method, uploadBytes, answer }: Scenario,
  via: string | undefined,
): Promise<void> {
  const { status, bodyBytes } = await ask(url + path, { method, uploadBytes, via });
  if (status !== answer.status || bodyBytes !== answer.bodyBytes) {
    throw new Error(
      `${path} gave ${status} with ${bodyBytes} bytes, wanted ${answer.status} with ${answer.bodyBytes}`,
    );
  }
}

/** First version number that the program prints; empty when there is none. nginx prints it to stderr. */
function readVersion(executable: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(executable, [...args], { encoding: "utf8", timeout: 5000 });
  return /\d+\.\d+[\w.-]*/.exec(`${stdout} ${stderr}`)?.[0] ?? "";
}
