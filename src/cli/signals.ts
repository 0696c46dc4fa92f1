import process from "node:process";
import type { Log } from "../base/log.ts";
import type { RunningProxy } from "../lifecycle/running.ts";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Serves until SIGTERM or SIGINT, then drains; resolves with the exit code 0. A second signal ends the process
 * at once. A failure that nobody caught is logged, and the service goes on.
 */
export async function untilStopped(proxy: RunningProxy, log: Log): Promise<number> {
  process.on("uncaughtException", (error) => log.error("uncaught", { cause: error.stack ?? String(error) }));
  process.on("unhandledRejection", (reason) => {
    log.error("uncaught", {
      cause: reason instanceof Error ? reason.stack ?? reason.message : String(reason),
    });
  });
  await new Promise<void>((resolve) => {
    let signals = 0;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (++signals > 1) process.exit(EXIT_CODES[signal]);
        log.info("signal", { signal });
        resolve();
      });
    }
  });
  await proxy.stop();
  return 0;
}
