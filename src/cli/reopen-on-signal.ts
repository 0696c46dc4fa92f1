import process from "node:process";
import type { LeveledLog } from "../base/log.ts";

/** Has the log's file opened again at SIGUSR2. (SIGUSR1 starts the debugger of one runtime.) */
export function reopenOnSignal(log: LeveledLog): void {
  process.on("SIGUSR2", () => {
    log.reopen?.().then(
      (file) => file !== undefined && log.info("log_reopened", { file }),
      ({ message }) => log.error("log_file_failed", { cause: message }),
    );
  });
}
