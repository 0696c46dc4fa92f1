import process from "node:process";
import { loadConfigFile } from "../config/load.ts";
import type { RunningProxy } from "../lifecycle/running.ts";
import { watchFile } from "../lifecycle/watch.ts";

/**
 * Takes the config at `path` over at SIGHUP, and when the file changes unless `reload_interval` is 0, until `signal`
 * aborts. A config that is not valid changes nothing; the log says why, once for each change.
 */
export function reloadOnChange(proxy: RunningProxy, path: string, signal: AbortSignal): void {
  const reload = () => {
    let config;
    try {
      config = loadConfigFile(path);
    } catch (error) {
      return proxy.refuseReload(error instanceof Error ? error.message : String(error));
    }
    proxy.reload(config).catch(() => {}); // the proxy has logged it
  };
  process.on("SIGHUP", reload);
  signal.addEventListener("abort", () => process.off("SIGHUP", reload), { once: true });
  const { reloadInterval } = proxy.snapshot.config;
  if (reloadInterval > 0) watchFile(path, { intervalMs: reloadInterval, onChange: reload, signal });
}
