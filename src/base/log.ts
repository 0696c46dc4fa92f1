import process from "node:process";

/** Severity of a log line, the least first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Values that a log line may carry. Undefined ones are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes events: a name and fields, one line each. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** How lines are written. */
export interface LogOptions {
  readonly level: LogLevel;
  /** `text` for people, `json` for programs. */
  readonly format: "text" | "json";
  /** Where a line goes, with its line end; standard output by default. */
  readonly write?: (line: string) => void;
  /** Milliseconds since 1970; the clock by default. */
  readonly now?: () => number;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
/** Unwritten bytes on standard output beyond which lines are dropped: a stuck reader must not fill the memory. */
const MAX_UNWRITTEN_BYTES = 4 * 1024 * 1024;

/** A log that writes lines of `options.level` and above. */
export function createLog(options: LogOptions): Log {
  const { format, write = writeStdout, now = Date.now } = options;
  const least = LEVELS.indexOf(options.level);
  const line = (level: LogLevel) =>
    LEVELS.indexOf(level) < least ? () => {} : (event: string, fields: LogFields = {}) =>
      write(
        format === "json" ? jsonLine(now(), level, event, fields) : textLine(now(), level, event, fields),
      );
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** A log that writes nothing. */
export const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {} };

function writeStdout(line: string): void {
  if (process.stdout.writableLength >= MAX_UNWRITTEN_BYTES) return;
  try {
    process.stdout.write(line);
  } catch {
    // Deno writes to a file at once, and throws where the disk is full: that costs the line, not the request.
  }
}

function jsonLine(now: number, level: LogLevel, event: string, fields: LogFields): string {
  return escaped({ time: new Date(now).toISOString(), level, event, ...fields }) + "\n";
}

function textLine(now: number, level: LogLevel, event: string, fields: LogFields): string {
  let line = `${new Date(now).toISOString()} ${level.padEnd(5)} ${event}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${name}=${printable(value)}`;
  }
  return line + "\n";
}

/** Quoted where a blank, a quote or a control character would break the line apart or forge another one. */
function printable(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  return /^[\x21\x23-\x7e]+$/.test(value) ? value : escaped(value);
}

/** JSON without the control characters that JSON leaves as they are: a terminal may obey them. */
function escaped(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}
