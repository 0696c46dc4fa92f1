import process from "node:process";
import type { Log } from "../base/log.ts";
import type { RunningProxy } from "../lifecycle/running.ts";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * A signal that follows the first within this time is the same one: at Ctrl-C the terminal signals every process,
 * and `bun run` and `deno task` pass theirs on.
 */
const SAME_KEY_MS = 100;

/**
 * Serves until SIGTERM or SIGINT, then drains; resolves with the exit code 0. A second signal ends the process
 * at once. A failure that nobody caught is logged, and the service goes on.
 */
export async function untilStopped(
  proxy: RunningProxy,
  { log, onStopping = () => {} }: { log: Log; onStopping?: () => void },
): Promise<number> {
  process.on("uncaughtException", (error) => log.error("uncaught", { cause: error.stack ?? String(error) }));
  process.on("unhandledRejection", (reason) => {
    log.error("uncaught", {
      cause: reason instanceof Error ? reason.stack ?? reason.message : String(reason),
    });
  });
  process.on("SIGHUP", () => {}); // for a reload, where there is a file; never for an end
  await new Promise<void>((resolve) => {
    let first = 0;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (first > 0) {
          if (performance.now() - first <= SAME_KEY_MS) return;
          log.warn("stopped_at_once", { signal });
          process.exit(EXIT_CODES[signal]);
        }
        first = performance.now();
        log.info("signal", { signal });
        resolve();
      });
    }
  });
  onStopping();
  await proxy.stop();
  return 0;
}
