import type { Runner } from "./line-up.ts";
import type { LoadOptions } from "./load-order.ts";
import { runLoad } from "./load.ts";
import { logTail } from "./log-tail.ts";
import { readUsage, resetPeak, type Usage } from "./process-tree.ts";
import type { Scenario } from "./scenarios.ts";
import type { Workspace } from "./workspace.ts";

/** One measured run of one proxy. */
export interface Sample {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  cpuMicrosPerRequest: number;
  /** CPU time by wall time: 1 means that the proxy kept one core busy all the time. */
  cores: number;
  /** Resident memory right after the run. */
  rssBytes: number;
  /** Highest resident memory during the run. */
  peakBytes: number;
  /** What wrk counted as failed, by kind; empty in a good run. */
  failures: Record<string, number>;
}

/** Puts load on `runner` and reads what it cost. Throws when the proxy dies under it or answers nothing. */
export async function takeSample(
  workspace: Workspace,
  { runner, scenario }: { runner: Runner; scenario: Scenario },
  load: LoadOptions,
): Promise<Sample> {
  resetPeak(runner.pid);
  const before = usageOf(runner);
  const result = await runLoad(workspace, { url: runner.url, relays: runner.relays, scenario }, load);
  const after = usageOf(runner);
  if (result.requests === 0) throw new Error("not one request was answered");
  const cpuMs = after.cpuMs - before.cpuMs;
  return {
    requestsPerSecond: result.requests / (result.wallMs / 1000),
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    cpuMicrosPerRequest: cpuMs * 1000 / result.requests,
    cores: cpuMs / result.wallMs,
    rssBytes: after.rssBytes,
    peakBytes: after.peakBytes,
    failures: result.failures,
  };
}

function usageOf({ pid, logPath }: Runner): Usage {
  const usage = readUsage(pid);
  if (usage === undefined) throw new Error(`the process is gone\n${logTail(logPath)}`);
  return usage;
}
