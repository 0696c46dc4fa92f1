import process from "node:process";
import { loadConfigFile } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { RunningProxy } from "../lifecycle/running.ts";
import { watchFile } from "../lifecycle/watch.ts";

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
  let watched = { intervalMs: 0, end: new AbortController() };
  const watch = ({ reloadInterval: intervalMs }: Config) => {
    if (intervalMs === watched.intervalMs || signal.aborted) return;
    watched.end.abort();
    watched = { intervalMs, end: new AbortController() };
    if (intervalMs > 0) watchFile(path, { intervalMs, onChange: reload, signal: watched.end.signal });
  };
  const reload = () => {
    let config: Config;
    try {
      config = loadConfigFile(path);
    } catch (error) {
      return proxy.refuseReload(error instanceof Error ? error.message : String(error));
    }
    proxy.reload(config).then(() => {
      watch(config);
      onReloaded(config);
    }, () => {}); // the proxy has logged it
  };
  process.on("SIGHUP", reload);
  signal.addEventListener("abort", () => {
    process.off("SIGHUP", reload);
    watched.end.abort();
  }, { once: true });
  watch(proxy.snapshot.config);
}
