import process from "node:process";
import { createLog, type Log } from "../base/log.ts";
import { loadConfigFile } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { RunningProxy } from "../lifecycle/running.ts";
import { untilStopped } from "./signals.ts";

/** Serves the config at `path` until a signal; resolves with the exit code. Throws a ConfigError. */
export async function run(path: string): Promise<number> {
  const config = loadConfigFile(path);
  const log = createConfiguredLog(config);
  const proxy = await start(config, log);
  return proxy === undefined ? 1 : await untilStopped(proxy, log);
}

/** The log as the config wants it: `auto` is for people on a terminal and for programs elsewhere. */
export function createConfiguredLog({ log: { level, format } }: Config): Log {
  process.stdout.on("error", () => {}); // a full disk or a reader that left costs the log, not the service
  const auto = process.stdout.isTTY ? "text" : "json";
  return createLog({ level, format: format === "auto" ? auto : format });
}

/** Starts what `config` describes, or logs why it cannot and returns undefined. */
export async function start(config: Config, log: Log): Promise<RunningProxy | undefined> {
  try {
    const proxy = new RunningProxy(config, log);
    await proxy.start();
    return proxy;
  } catch (error) {
    log.error("start_failed", { cause: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}
