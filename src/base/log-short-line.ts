import type { LogEvent, LogFields } from "./log-event.ts";
import { pairs, printable } from "./log-line.ts";

/** Of host and target, so much is shown: a line is to fit a terminal. */
const MAX_TARGET = 80;
/** Of any other value, as far as an access line shows it. */
const MAX_WORD = 160;

/** Codes of the colours (ECMA-48 §8.3.117). */
const BOLD = 1, DIM = 2, RED = 31, GREEN = 32, YELLOW = 33, CYAN = 36;

/** A line for people: the time of day, what matters, and no level where it is info. */
export function shortLine(event: LogEvent, valueSize: number): string {
  return line(event, valueSize, (_color, text) => text);
}

/** The same for terminals with colours. */
export function colouredLine(event: LogEvent, valueSize: number): string {
  return line(event, valueSize, (color, text) => `\x1b[${color}m${text}\x1b[0m`);
}

type Paint = (color: number, text: string) => string;

function line({ now, level, event, fields }: LogEvent, valueSize: number, paint: Paint): string {
  const time = paint(DIM, timeOfDay(now)) + " ";
  if (event === "access") return time + access(fields, paint) + "\n";
  const grade = level === "info" ? "" : paint(level === "error" ? RED : YELLOW, level) + " ";
  return time + grade + paint(BOLD, event) + pairs(fields, valueSize) + "\n";
}

/** `200 GET localhost/path 1.2ms 14B http://127.0.0.1:9001`, and what went wrong, where something did. */
function access(fields: LogFields, paint: Paint): string {
  const { method, host, target, status, reason, detail, server, tried, elapsed_ms, bytes_out } = fields;
  const asked = printable(`${host === "-" ? "" : host}${target}`, MAX_TARGET);
  let text = `${paint(colorOf(Number(status)), String(status))} ${word(method)} ${asked} ` +
    `${toTime(Number(elapsed_ms))} ${toSize(Number(bytes_out))}`;
  if (server !== undefined) text += ` ${paint(DIM, word(server))}`;
  if (reason !== "ok") text += ` ${paint(RED, word(reason))}`;
  if (detail !== undefined) text += ` ${word(detail)}`;
  if (tried !== undefined) text += ` ${paint(YELLOW, "tried")} ${word(tried)}`;
  return text;
}

function word(value: LogFields[string]): string {
  return printable(value ?? "-", MAX_WORD);
}

function colorOf(status: number): number {
  if (status >= 500 || status === 499) return RED;
  if (status >= 400) return YELLOW;
  return status >= 300 ? CYAN : GREEN;
}

function toTime(ms: number): string {
  return ms < 1000 ? `${ms}ms` : `${(ms / 1000).toFixed(1)}s`;
}

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];

function toSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < SIZES.length - 1; unit++) size /= 1024;
  return `${unit === 0 ? size : size.toFixed(1)}${SIZES[unit]}`;
}

/** By the clock on the wall of whoever looks at the terminal. */
function timeOfDay(now: number): string {
  const date = new Date(now);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.` +
    String(date.getMilliseconds()).padStart(3, "0");
}
