import { createLog, type Log, type LogStyle } from "../base/log.ts";
import type { Config } from "../config/schema.ts";
import { openStdout } from "../net/stdout.ts";
import { RunningProxy } from "../lifecycle/running.ts";
import { reloadOnChange } from "./reload.ts";
import { locateConfig } from "./locate.ts";
import { chooseLogLevel } from "./log-level.ts";
import { logStyle } from "./log-style.ts";
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
  const proxy = new RunningProxy(config, log);
  const stopped = new AbortController();
  if (file !== undefined) {
    reloadOnChange(proxy, file, {
      onReloaded: (next) => log.restyle(styleOf(next, options)),
      signal: stopped.signal,
    });
  }
  const code = await serve(proxy, { log, onStopping: () => stopped.abort() });
  log.flush();
  await stdout.settled(LAST_LINES_MS);
  return code;
}

/** Starts `proxy` and serves until a signal. Resolves with the exit code: 0, or 1 where it cannot start, which is logged. */
export async function serve(
  proxy: RunningProxy,
  { log, onStarted, onStopping }: { log: Log; onStarted?: () => void; onStopping?: () => void },
): Promise<number> {
  const stopped = untilStopped(proxy, { log, ...(onStopping && { onStopping }) });
  try {
    await proxy.start();
  } catch (error) {
    if (proxy.stopped) return await stopped; // a signal came first
    log.error("start_failed", { cause: error instanceof Error ? error.message : String(error) });
    onStopping?.();
    return 1;
  }
  onStarted?.();
  return await stopped;
}

function styleOf({ log }: Config, { logLevel }: RunOptions): LogStyle {
  return logStyle(chooseLogLevel(logLevel, log.level), log);
}
