import { LOG_LEVELS, type LogFields, type LogLevel } from "./log-event.ts";
import { colouredLine, shortLine } from "./log-short-line.ts";
import { DEFAULT_VALUE_SIZE, jsonLine, textLine } from "./log-line.ts";
import type { JsonLines } from "./json-lines.ts";
import { LogOutput, type WriteLines } from "./log-output.ts";
import { LogRepeats } from "./log-repeats.ts";

/** Writes events: a name and fields, one line each. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The line of a finished request, an event called `access` of the level info. */
  access(fields: LogFields): void;
  /**
   * Where that line may be written part by part in place of `access`, which costs half of it. Undefined where lines are not
   * JSON, where none of the level info are written, and where the log is somebody else's.
   */
  readonly jsonLines?: JsonLines | undefined;
  /** What an operator changed, of the level info, but written whatever the level: nobody can work unseen. Without it `info` is. */
  audit?(event: string, fields: LogFields): void;
}

/** What of a log may change while it is written. */
export interface LogStyle {
  /** The least that is written. */
  readonly level: LogLevel;
  /** `short` for people at a terminal, `text` for people elsewhere, `json` for programs. */
  readonly format: "short" | "text" | "json";
  /** Whether short lines have colours; false by default. */
  readonly colours?: boolean;
  /** Bytes that one value may have in a line before it is cut; 2048 by default. */
  readonly valueSize?: number;
}

export interface LogOptions extends LogStyle {
  readonly write: WriteLines;
  /** See `LeveledLog`. */
  readonly reopen?: LeveledLog["reopen"];
  /** Milliseconds since 1970; the clock by default. */
  readonly now?: () => number;
}

/** A log of which an operator may have more, or less, than its style says. */
export interface LeveledLog extends Log {
  /** The least that is written. */
  readonly level: LogLevel;
  /** The same by its style. */
  readonly styledLevel: LogLevel;
  /** Writes `level` and above whatever the style says, which counts again with undefined. */
  override(level: LogLevel | undefined): void;
  /** Lines so far that could not be written: a disk was full, or a reader too slow. */
  readonly lost: number;
  /**
   * Opens the file again that lines go to, as somebody has moved it away, and resolves with its path; undefined where they go
   * to standard output. Rejects where that fails. Undefined where the log is somebody else's.
   */
  readonly reopen?: (() => Promise<string | undefined>) | undefined;
}

/** A log whose style may change. */
export interface StyledLog extends LeveledLog {
  /** Writes all further lines in this style. */
  restyle(style: LogStyle): void;
  /** Writes what is held back, sums included: for the end of the program. */
  flush(): void;
}

/**
 * A log that writes lines of `options.level` and above; access lines with up to 50 ms delay, all others at once. Warnings
 * and errors that come again and again are summed up.
 */
export function createLog(options: LogOptions): StyledLog {
  const { now = Date.now } = options;
  let least = 0;
  let styled = options.level;
  let wanted: LogLevel | undefined;
  let size = DEFAULT_VALUE_SIZE;
  let toLine = jsonLine;
  let jsonLines: JsonLines | undefined;
  const lineOf = (level: LogLevel, event: string, fields: LogFields) =>
    toLine({ now: now(), level, event, fields }, size);
  const output = new LogOutput(options.write, (lines) => lineOf("warn", "log_lines_lost", { lines }), now);
  const info = LOG_LEVELS.indexOf("info");
  const setLeast = () => {
    least = LOG_LEVELS.indexOf(wanted ?? styled);
    jsonLines = toLine === jsonLine && info >= least ? output.lines : undefined;
  };
  const restyle = ({ level, format, colours = false, valueSize = DEFAULT_VALUE_SIZE }: LogStyle) => {
    styled = level;
    size = output.lines.valueSize = valueSize;
    toLine = format === "json" ? jsonLine : format === "text" ? textLine : colours ? colouredLine : shortLine;
    setLeast();
  };
  restyle(options);
  const write = (level: LogLevel, event: string, fields: LogFields) => {
    output.add(lineOf(level, event, fields));
    output.flush();
  };
  const repeats = new LogRepeats(write);
  const at = (level: LogLevel) => {
    const severity = LOG_LEVELS.indexOf(level);
    const sums = severity >= LOG_LEVELS.indexOf("warn");
    return (event: string, fields: LogFields = {}) => {
      if (severity < least || (sums && !repeats.admits(level, event, fields))) return;
      write(level, event, fields);
    };
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    access(fields) {
      if (info >= least) output.add(lineOf("info", "access", fields));
    },
    get jsonLines() {
      return jsonLines;
    },
    audit: (event, fields) => write("info", event, fields),
    restyle,
    get level() {
      return wanted ?? styled;
    },
    get styledLevel() {
      return styled;
    },
    override(level) {
      wanted = level;
      setLeast();
    },
    reopen: options.reopen,
    get lost() {
      return output.lost;
    },
    flush() {
      repeats.close();
      output.flush();
    },
  };
}

/** A log that writes nothing. */
export const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {}, access() {} };
