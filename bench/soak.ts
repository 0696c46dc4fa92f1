/**
 * A long mixed load on Sluice alone, with every answer checked, and what it holds before and after. See README.md.
 *
 * @module
 */
import { logTail } from "./log-tail.ts";
import { parseSoakOptions, SOAK_USAGE, type SoakOptions } from "./soak/options.ts";
import { startProxy, startSoakOrigin } from "./soak/proxy.ts";
import { type SoakResult, soakTable } from "./soak/result.ts";
import { soak } from "./soak/soak.ts";
import { Workspace } from "./workspace.ts";

process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  let options: SoakOptions | undefined;
  try {
    options = parseSoakOptions(args);
  } catch (error) {
    console.error(`!! ${messageOf(error)}\n\n${SOAK_USAGE}`);
    return 2;
  }
  if (options === undefined) {
    console.log(SOAK_USAGE);
    return 0;
  }
  return await soakAll(options, new Workspace());
}

/** Returns the exit code: 1 when something was not as wanted. */
async function soakAll({ runners, minutes, clients }: SoakOptions, workspace: Workspace): Promise<number> {
  const faults: string[] = [];
  const results: SoakResult[] = [];
  const originPort = await startSoakOrigin(workspace);
  for (const runner of runners) {
    const { title } = runner;
    const onLine = (line: string) => console.error(`${title}: ${line}`);
    const onFault = (line: string) => {
      faults.push(`${title}: ${line}`);
      console.error(`!! ${title}: ${line}`);
    };
    const executable = runner.executable();
    if (executable === undefined) {
      console.error(`!! ${title} is missing and left out: ${runner.remedy}`);
      continue;
    }
    try {
      const proxy = await startProxy(workspace, { runner, executable, originPort });
      results.push(await soak({ title, proxy, clients, minutes, onLine, onFault }));
      onLine(`the end of its log:\n${logTail(proxy.logPath)}`);
      process.kill(proxy.pid);
    } catch (error) {
      onFault(messageOf(error));
    }
  }
  console.log(soakTable(results));
  // Said again below the table, where it is seen.
  for (const line of faults) console.error(`!! ${line}`);
  return faults.length > 0 || results.length === 0 ? 1 : 0;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
