import { FIVE_MINUTES_MS, type History, MINUTE_MS, type Watched } from "../observe/history.ts";
import { sumOf, type Traffic } from "../observe/traffic.ts";
import type { WindowFigures } from "../observe/window.ts";

/** What happened in the last minute and the last five. */
export interface Windows {
  readonly minute: WindowFigures;
  readonly fiveMinutes: WindowFigures;
}

/** What was counted since the start, and what happened of late; no windows where nobody keeps a history. */
export interface TrafficStatus extends Partial<Windows> {
  readonly requests: number;
  /** Answered 500 or above, or not to their end, by the fault of a server or of the proxy. */
  readonly errors: number;
  /** Attempts beyond the first. */
  readonly retries: number;
  /** Bytes of bodies, from clients and to them. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The windows of `watched`; nothing without a history. */
export function windowsOf(watched: Watched, history: History | undefined): Partial<Windows> {
  if (history === undefined) return {};
  return {
    minute: history.window(watched, MINUTE_MS),
    fiveMinutes: history.window(watched, FIVE_MINUTES_MS),
  };
}

/** What is known of the traffic of `watched`, whose parts are `parts`. */
export function statusOfTraffic(
  parts: readonly Traffic[],
  watched: Watched,
  history: History | undefined,
): TrafficStatus {
  const { requests, errors, retries, bytesIn, bytesOut } = sumOf(parts);
  return { requests, errors, retries, bytesIn, bytesOut, ...windowsOf(watched, history) };
}
