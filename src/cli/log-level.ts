import process from "node:process";
import { LOG_LEVELS, type LogLevel } from "../base/log-event.ts";

/** What other programs call our levels. */
const ALIASES: Readonly<Record<string, LogLevel>> = {
  trace: "debug",
  warning: "warn",
  critical: "error",
  fatal: "error",
};

/**
 * The level that `flag` asks for, else LOG_LEVEL, else RUST_LOG, else the config's. A word that is no level costs a
 * warning on standard error, and counts as not said.
 */
export function chooseLogLevel(flag: string | undefined, configured: LogLevel): LogLevel {
  const { LOG_LEVEL, RUST_LOG } = process.env;
  const asked: [source: string, word: string | undefined][] = [
    ["--log-level", flag],
    ["LOG_LEVEL", LOG_LEVEL],
    // `info,hyper=warn`: the part without a module is the level of all others.
    ["RUST_LOG", RUST_LOG?.split(",").find((part) => !part.includes("="))],
  ];
  for (const [source, word] of asked) {
    if (word === undefined || word === "") continue;
    const level = toLevel(word);
    if (level !== undefined) return level;
    process.stderr.write(
      `${source}: ${JSON.stringify(word)} is no log level; accepted: ${LOG_LEVELS.join(", ")}\n`,
    );
  }
  return configured;
}

function toLevel(word: string): LogLevel | undefined {
  const lower = word.trim().toLowerCase();
  return LOG_LEVELS.find((level) => level === lower) ??
    (Object.hasOwn(ALIASES, lower) ? ALIASES[lower] : undefined);
}
