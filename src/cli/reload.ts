import process from "node:process";
import type { Config } from "../config/schema.ts";
import type { RunningProxy } from "../lifecycle/running.ts";
import { FileWatch } from "../lifecycle/file-watch.ts";
import { loadConfigApart } from "./load-in-thread.ts";

export interface ReloadOptions {
  /** The program's main module. */
  readonly main: string;
  /** A config was taken over. */
  readonly onReloaded: (config: Config) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Takes the config at `path` over at SIGHUP, and when the file changes unless `reload_interval` is 0. A config that is
 * not valid changes nothing; the log says why, once for each change. It is read once at a time: what comes while one is
 * being read has it read again afterwards, so that an older config is never taken over after a newer one.
 */
export function reloadOnChange(
  proxy: RunningProxy,
  path: string,
  { main, onReloaded, signal }: ReloadOptions,
): void {
  let reading = false;
  let again = false;

  function reload(): void {
    if (signal.aborted) return;
    again = reading;
    if (!reading) void read();
  }

  async function read(): Promise<void> {
    reading = true;
    watch.note();
    try {
      take(await loadConfigApart(path, { main, signal }));
    } catch (error) {
      if (!signal.aborted) proxy.refuseReload(error instanceof Error ? error.message : String(error));
    }
    reading = false;
    if (again) reload();
  }

  function take(config: Config): void {
    if (signal.aborted) return;
    proxy.reload(config).then(() => {
      const taken = proxy.snapshot.config; // perhaps a newer one
      if (!signal.aborted) watch.every(taken.reloadInterval);
      onReloaded(taken);
    }, () => {}); // the proxy has logged it
  }

  const watch = new FileWatch(path, reload);
  process.on("SIGHUP", reload);
  signal.addEventListener("abort", () => watch.close(), { once: true });
  watch.every(proxy.snapshot.config.reloadInterval);
}
