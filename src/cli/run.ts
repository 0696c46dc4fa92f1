import process from "node:process";
import { createLog, type Log, type LogStyle } from "../base/log.ts";
import type { Config } from "../config/schema.ts";
import { openStdout } from "../net/stdout.ts";
import { RunningProxy } from "../lifecycle/running.ts";
import { reloadOnChange } from "./reload.ts";
import { locateConfig } from "./locate.ts";
import { chooseLogLevel } from "./log-level.ts";
import { untilStopped } from "./signals.ts";

/** For a reader of the log to take the last lines, in ms, before the program ends. */
const LAST_LINES_MS = 1000;

/** What the command line says about a run. */
export interface RunOptions {
  /** Path of the config; without it `locateConfig` looks for one. */
  readonly config?: string;
  readonly logLevel?: string;
}

/** Serves until a signal; resolves with the exit code. Throws a ConfigError. */
export async function run(options: RunOptions): Promise<number> {
  const { config, file } = locateConfig(options.config);
  const stdout = openStdout();
  const log = createLog({ ...styleOf(config, options), write: stdout.write });
  const proxy = await start(config, log);
  const onReloaded = (next: Config) => log.restyle(styleOf(next, options));
  const code = proxy === undefined ? 1 : await serve(proxy, { file, log, onReloaded });
  await stdout.settled(LAST_LINES_MS);
  return code;
}

/** Serves until a signal, and takes the config over again at SIGHUP and when its file changes. */
async function serve(
  proxy: RunningProxy,
  { file, log, onReloaded }: { file: string | undefined; log: Log; onReloaded: (config: Config) => void },
): Promise<number> {
  const stopped = new AbortController();
  if (file !== undefined) reloadOnChange(proxy, file, { onReloaded, signal: stopped.signal });
  return await untilStopped(proxy, { log, onStopping: () => stopped.abort() });
}

/** What config and command line ask of the log: `auto` is for people on a terminal and for programs elsewhere. */
function styleOf({ log: { level, format } }: Config, { logLevel }: RunOptions): LogStyle {
  const auto = process.stdout.isTTY ? "text" : "json";
  return { level: chooseLogLevel(logLevel, level), format: format === "auto" ? auto : format };
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
