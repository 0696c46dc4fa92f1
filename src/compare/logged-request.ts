import { Buffer } from "node:buffer";

/** A request as an access log tells of it. */
export interface LoggedRequest {
  readonly method: string;
  /** Path and query; of CONNECT the host with its port. */
  readonly target: string;
  /** Undefined where the log does not say it. */
  readonly host: string | undefined;
  /** Address that the connection came from, or `unix`. */
  readonly peer: string;
  /** Who stood behind it, where that was known to be another. */
  readonly client?: string | undefined;
  /** Name of the frontend, where the log says it. */
  readonly frontend?: string | undefined;
  readonly headers: readonly LoggedHeader[];
  /** Bytes of its body; 0 where that is not known. */
  readonly bodyBytes: number;
  /** What became of it. */
  readonly recorded: Recorded;
  /** What the log masks of it. */
  readonly masked?: readonly ("query" | "client" | "host")[] | undefined;
}

export type LoggedHeader = readonly [name: string, value: string];

/** What became of a request, as far as a log says it. */
export interface Recorded {
  readonly status: number;
  /** `none` where the proxy answered itself; undefined where the log does not tell. */
  readonly backend?: string | undefined;
  /** One of our words for how it ended; undefined in logs of others. */
  readonly reason?: string | undefined;
}

/** What `Recorded` has for a backend where the proxy answered itself. */
export const NO_BACKEND = "none";

/** Why a line has no request that could be compared. */
export type Uncompared =
  /** It is about something else. */
  | "other"
  /** It is not of this format. */
  | "unreadable"
  /** Its request was none that could be read. */
  | "no_request"
  /** Its target is not whole. */
  | "cut";

/** Reads one line of a log, without its end. */
export type ReadLine = (line: string) => LoggedRequest | Uncompared;

/** The parts of the first line of a request, as logs of others quote it; an absolute target gives its host as well. */
export function readRequestLine(
  line: string,
): { method: string; target: string; host: string | undefined } | undefined {
  const first = line.indexOf(" ");
  const last = line.lastIndexOf(" ");
  if (first <= 0 || last <= first || !line.startsWith("HTTP/", last + 1)) return undefined;
  const method = line.slice(0, first);
  const target = line.slice(first + 1, last);
  const [, host, rest] = /^https?:\/\/([^/?#]*)(.*)/is.exec(target) ?? [];
  if (host === undefined) return { method, target, host: undefined };
  return { method, target: rest === "" ? "/" : rest!, host };
}

/** Text as the bytes that it has in UTF-8, one character for each: so a head has it. */
export function toByteText(text: string): string {
  // deno-lint-ignore no-control-regex -- everything outside ASCII is what is looked for
  return /[^\x00-\x7f]/.test(text) ? Buffer.from(text).toString("latin1") : text;
}
