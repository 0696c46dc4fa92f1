import { dirname, resolve } from "node:path";
import process from "node:process";
import packageJson from "../../package.json" with { type: "json" };
import { createLog, type Log, type LogStyle } from "../base/log.ts";
import type { Config } from "../config/schema.ts";
import { findPlace } from "../config/load.ts";
import { formatPath, type Path } from "../config/text/positions.ts";
import { runtimeVersion } from "../net/gaps.ts";
import { print } from "../net/stdout.ts";
import { BindError } from "../lifecycle/bind-error.ts";
import { MiddlewareModules } from "../lifecycle/middleware-modules.ts";
import { RunningProxy } from "../lifecycle/running.ts";
import { reloadOnChange } from "./reload.ts";
import { locateConfig, type LocatedConfig } from "./locate.ts";
import { chooseLogLevel } from "./log-level.ts";
import { hasColours, logStyle } from "./log-style.ts";
import { LogTarget } from "./log-target.ts";
import { reopenOnSignal } from "./reopen-on-signal.ts";
import { startupLines } from "./startup-lines.ts";
import { untilStopped } from "./signals.ts";
import { withMiddleware } from "./with-middleware.ts";

/** For a reader of the log to take the last lines, in ms, before the program ends. */
const LAST_LINES_MS = 1000;

export interface RunOptions {
  /** Path of the config; without it `locateConfig` looks for one. */
  readonly config?: string;
  readonly logLevel?: string;
}

/** Serves until a signal; resolves with the exit code. `main` is the program's main module. Throws a ConfigError. */
export async function run(options: RunOptions, main: string): Promise<number> {
  return await runConfig(locateConfig(options.config), options, main);
}

/** Serves a config, wherever it came from. */
export async function runConfig(
  { config: read, source, from, file, readAs, included, placeOf = (path) => formatPath(path) }: LocatedConfig,
  options: RunOptions,
  main: string,
): Promise<number> {
  const modules = new MiddlewareModules(dirname(file ?? "."));
  const config = file === undefined ? read : await withMiddleware(read, file, modules);
  const target = new LogTarget();
  try {
    await target.use(config.log.file);
  } catch (error) {
    const place = file === undefined ? "sluice" : findPlace(file, ["log", "file"]);
    await print(`${place}: ${(error as Error).message}\n`, "stderr");
    return 1;
  }
  const log = createLog({
    ...styleOf(config, options),
    write: target.write,
    reopen: () => (log.flush(), target.reopen()),
  });
  const { version } = packageJson;
  log.info("starting", {
    version,
    runtime: runtimeVersion(),
    config: file === undefined ? source : resolve(file),
    from,
  });
  if (readAs !== undefined) {
    log.info("config_read_as", { format: readAs.format, differences: readAs.differences.length });
    for (const what of readAs.differences) log.info("config_difference", { format: readAs.format, what });
  }
  const proxy = new RunningProxy(config, log);
  const stopped = new AbortController();
  if (file !== undefined) {
    proxy.reloader = reloadOnChange(proxy, file, {
      main,
      modules,
      files: modules.filesOf(read),
      included,
      moveLog: (next) =>
        target.use(next.log.file).catch((error: Error) => {
          throw new Error(`${findPlace(file, ["log", "file"])}: ${error.message}`, { cause: error });
        }),
      onReloaded: (next) => log.restyle(styleOf(next, options)),
      signal: stopped.signal,
    });
  }
  reopenOnSignal(log);
  const code = await serveUntilSignal(proxy, {
    log,
    placeOf: (path) => file === undefined ? placeOf(path) : findPlace(file, path),
    onStarted: () => {
      if (process.stdout.isTTY !== true || proxy.snapshot.config.log.file !== undefined) return;
      if (proxy.snapshot.config.log.format !== "json") {
        log.flush(); // what was said until here comes first
        void target.settled(LAST_LINES_MS).then(() =>
          process.stdout.write(startupLines(proxy, { colours: hasColours() }))
        );
      }
    },
    onStopping: () => stopped.abort(),
  });
  log.flush();
  await target.settled(LAST_LINES_MS);
  return code;
}

export interface ServeOptions {
  readonly log: Log;
  /** Where `path` stands in the config, for people. */
  readonly placeOf: (path: Path) => string;
  readonly onStarted?: () => void;
  readonly onStopping?: () => void;
}

/**
 * Starts `proxy` and serves until a signal. Resolves with the exit code: 0, or 1 where it cannot start, which is logged,
 * and said on standard error where the log is not what somebody sees.
 */
export async function serveUntilSignal(
  proxy: RunningProxy,
  { log, placeOf, onStarted, onStopping }: ServeOptions,
): Promise<number> {
  const stopped = untilStopped(proxy, { log, ...(onStopping && { onStopping }) });
  try {
    await proxy.start();
  } catch (error) {
    if (proxy.stopped) return await stopped; // a signal came first
    const cause = error instanceof Error ? error.message : String(error);
    const place = error instanceof BindError ? placeOf(bindPath(error, proxy.snapshot.config)) : undefined;
    log.error("start_failed", { cause, place });
    const unseen = !process.stdout.isTTY || proxy.snapshot.config.log.file !== undefined;
    if (unseen) await print(`${place ?? "sluice"}: ${cause}\n`, "stderr");
    onStopping?.();
    return 1;
  }
  onStarted?.();
  return await stopped;
}

/** Where in the config the address stands that cannot be listened on. */
function bindPath({ frontend, address }: BindError, { frontends }: Config): Path {
  const i = frontends.findIndex(({ name }) => name === frontend);
  return i === -1 ? ["admin", "bind"] : ["frontends", i, "bind", frontends[i]!.bind.indexOf(address)];
}

/** The command line has the last word on the level. */
function styleOf({ log }: Config, { logLevel }: RunOptions): LogStyle {
  return logStyle(chooseLogLevel(logLevel, log.level), log);
}
