import { LogOutput, type WriteLines } from "./log-output.ts";

/** Severity of a log line, the least first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Every level, the least first. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Values that a log line may carry. Undefined ones are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes events: a name and fields, one line each. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The line of a finished request, an event called `access` of the level info. */
  access(fields: LogFields): void;
}

/** What of a log may change while it is written. */
export interface LogStyle {
  /** The least that is written. */
  readonly level: LogLevel;
  /** `text` for people, `json` for programs. */
  readonly format: "text" | "json";
}

/** How lines are written. */
export interface LogOptions extends LogStyle {
  /** Where lines go. */
  readonly write: WriteLines;
  /** Milliseconds since 1970; the clock by default. */
  readonly now?: () => number;
}

/** A log whose style may change. */
export interface StyledLog extends Log {
  /** Writes all further lines in this style. */
  restyle(style: LogStyle): void;
}

/** A log that writes lines of `options.level` and above; access lines with up to 50 ms delay, all others at once. */
export function createLog(options: LogOptions): StyledLog {
  const { now = Date.now } = options;
  let least = 0;
  let toLine = jsonLine;
  const restyle = ({ level, format }: LogStyle) => {
    least = LOG_LEVELS.indexOf(level);
    toLine = format === "json" ? jsonLine : textLine;
  };
  restyle(options);
  const output = new LogOutput(options.write, (lines) => toLine(now(), "warn", "log_lines_lost", { lines }));
  const at = (level: LogLevel) => {
    const severity = LOG_LEVELS.indexOf(level);
    return (event: string, fields: LogFields = {}) => {
      if (severity < least) return;
      output.add(toLine(now(), level, event, fields));
      output.flush();
    };
  };
  const info = LOG_LEVELS.indexOf("info");
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    access(fields) {
      if (info >= least) output.add(toLine(now(), "info", "access", fields));
    },
    restyle,
  };
}

/** A log that writes nothing. */
export const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {}, access() {} };

/** One `JSON.stringify` of all fields, which on one runtime beats a line put together by hand two to one. */
function jsonLine(now: number, level: LogLevel, event: string, fields: LogFields): string {
  const rest = escaped(fields).slice(1);
  return '{"time":"' + timestamp(now) + '","level":"' + level + '","event":' + escaped(event) +
    (rest === "}" ? rest : "," + rest) + "\n";
}

function textLine(now: number, level: LogLevel, event: string, fields: LogFields): string {
  let line = timestamp(now) + " " + level.padEnd(5) + " " + event;
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) line += " " + name + "=" + printable(value);
  }
  return line + "\n";
}

let stampedMs = -1;
let stamp = "";

/** Many lines are of the same millisecond. */
function timestamp(now: number): string {
  if (now !== stampedMs) {
    stampedMs = now;
    stamp = new Date(now).toISOString();
  }
  return stamp;
}

/** Quoted where a blank, a quote or a control character would break the line apart or forge another one. */
function printable(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  return /^[\x21\x23-\x7e]+$/.test(value) ? value : escaped(value);
}

/** JSON without the control characters that JSON leaves as they are: a terminal may obey them. */
function escaped(value: string | LogFields): string {
  const json = JSON.stringify(value);
  if (!CONTROLS.test(json)) return json;
  return json.replaceAll(
    new RegExp(CONTROLS, "g"),
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

const CONTROLS = /[\x7f-\x9f]/;
