import process from "node:process";
import type { LogLevel } from "../base/log-event.ts";
import type { LogStyle } from "../base/log.ts";
import type { LogConfig } from "../config/sections/log.ts";

/** How `level` and above are written: `auto` is for people on a terminal and for programs elsewhere. */
export function logStyle(
  level: LogLevel,
  { format, valueSize, file }: Pick<LogConfig, "format" | "valueSize" | "file">,
): LogStyle {
  const terminal = process.stdout.isTTY === true && file === undefined;
  return {
    level,
    format: format === "auto" ? (terminal ? "short" : "json") : format,
    colours: terminal && hasColours(),
    valueSize,
  };
}

/** Whether a terminal is to have colours. https://no-color.org: NO_COLOR, whatever it is set to, unless that is empty. */
export function hasColours(): boolean {
  const { NO_COLOR, TERM } = process.env;
  return (NO_COLOR ?? "") === "" && TERM !== "dumb";
}
