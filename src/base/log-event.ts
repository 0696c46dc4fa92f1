/** Severity of a log line, the least first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Every level, the least first. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Values that a log line may carry. Undefined ones are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One event of a log. */
export interface LogEvent {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}
