import process from "node:process";
import type { ConfigReloader } from "../admin/reload.ts";
import type { Included } from "../config/problems/error.ts";
import type { Config } from "../config/schema.ts";
import type { RunningProxy } from "../lifecycle/running.ts";
import { FilesWatch } from "../lifecycle/files-watch.ts";
import type { MiddlewareModules } from "../lifecycle/middleware-modules.ts";
import { loadConfigApart } from "./load-in-thread.ts";
import { withMiddleware } from "./with-middleware.ts";

export interface ReloadOptions {
  /** The program's main module. */
  readonly main: string;
  /** Those of its middlewares, and the files that they came from. */
  readonly modules: MiddlewareModules;
  readonly files: readonly string[];
  /** What the config includes. */
  readonly included: Included;
  /** Has the log go where a config wants it, before that is taken over. Rejects where it cannot: the config is refused. */
  readonly moveLog: (config: Config) => Promise<void>;
  /** A config was taken over. */
  readonly onReloaded: (config: Config) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Takes the config at `path` over at SIGHUP, when the file, or one of a middleware, changes unless `reload_interval` is 0, and when an operator says
 * so, which is what the result is for. A config that is not valid changes nothing; the log says why, once for each change.
 * It is read once at a time: what comes while one is being read has it read again afterwards, so that an older config is
 * never taken over after a newer one.
 */
export function reloadOnChange(
  proxy: RunningProxy,
  path: string,
  { main, modules, files, included: first, moveLog, onReloaded, signal }: ReloadOptions,
): ConfigReloader {
  let known = first;
  let reading = false;
  let again = false;
  let last: Promise<unknown> = Promise.resolve();

  /** Reads the file when it has been read for all who asked before. */
  function load(): Promise<Config> {
    const config = last.then(async () => {
      const { config: read, included } = await loadConfigApart({ file: path }, {
        main,
        signal,
        included: known,
      })
        .catch((error: Error & { included?: Included }) => {
          if (error.included !== undefined) watch.including(error.included);
          throw error;
        });
      watch.including(known = included);
      watch.also(modules.filesOf(read));
      return await withMiddleware(read, path, modules);
    });
    last = config.catch(() => {}); // whoever asked hears of it
    return config;
  }

  function reload(): void {
    if (signal.aborted) return;
    again = reading;
    if (!reading) void read();
  }

  async function read(): Promise<void> {
    reading = true;
    watch.note();
    await takeOver().then(({ taken }) => void taken.catch(() => {}), () => {}); // the log has it
    reading = false;
    if (again) reload();
  }

  async function takeOver() {
    let config;
    try {
      config = await load();
    } catch (error) {
      if (!signal.aborted) proxy.refuseReload(error instanceof Error ? error.message : String(error));
      throw error;
    }
    return { taken: take(config) };
  }

  async function take(config: Config) {
    if (signal.aborted) throw new Error("The proxy is stopping");
    try {
      await moveLog(config);
    } catch (error) {
      proxy.refuseReload((error as Error).message);
      throw error;
    }
    let plan;
    try {
      plan = await proxy.reload(config);
    } catch (error) {
      await moveLog(proxy.snapshot.config).catch(() => {}); // then it goes on where it is
      throw error;
    }
    const taken = proxy.snapshot.config; // perhaps a newer one
    if (!signal.aborted) watch.every(taken.reloadInterval);
    onReloaded(taken);
    return plan;
  }

  const watch = new FilesWatch(path, reload);
  watch.also(files);
  watch.including(first);
  process.on("SIGHUP", reload);
  signal.addEventListener("abort", () => watch.close(), { once: true });
  watch.every(proxy.snapshot.config.reloadInterval);
  return {
    plan: async (given) =>
      await proxy.dryRun(
        given === undefined
          ? await load()
          : modules.fillIn((await loadConfigApart(given, { main, signal, included: known })).config),
      ),
    async reload() {
      watch.note();
      return await (await takeOver()).taken;
    },
  };
}
