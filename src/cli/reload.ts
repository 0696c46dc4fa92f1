import process from "node:process";
import { loadConfigFile } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { RunningProxy } from "../lifecycle/running.ts";
import { FileWatch } from "../lifecycle/watch.ts";

/** What happens besides the reload itself. */
export interface ReloadOptions {
  /** A config was taken over. */
  readonly onReloaded: (config: Config) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Takes the config at `path` over at SIGHUP, and when the file changes unless `reload_interval` is 0. A config that is
 * not valid changes nothing; the log says why, once for each change.
 */
export function reloadOnChange(
  proxy: RunningProxy,
  path: string,
  { onReloaded, signal }: ReloadOptions,
): void {
  const reload = () => {
    if (signal.aborted) return;
    let config: Config;
    watch.note();
    try {
      config = loadConfigFile(path);
    } catch (error) {
      return proxy.refuseReload(error instanceof Error ? error.message : String(error));
    }
    proxy.reload(config).then(() => {
      const taken = proxy.snapshot.config; // perhaps a newer one
      if (!signal.aborted) watch.every(taken.reloadInterval);
      onReloaded(taken);
    }, () => {}); // the proxy has logged it
  };
  const watch = new FileWatch(path, reload);
  process.on("SIGHUP", reload);
  signal.addEventListener("abort", () => watch.close(), { once: true });
  watch.every(proxy.snapshot.config.reloadInterval);
}
